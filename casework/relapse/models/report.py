"""A relapse as it was reported, by whom, and what became of the report (clinical.md §1.7)."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from casework.relapse import reporting
from casework.relapse.reporting import Precision, ReportSource, ReportState
from clients.base import ClientOwnedQuerySet, Lifecycle, Record, classify
from clients.encryption import EncryptedTextField

REPORTED_STAGES = [(stage.value, stage.label) for stage in reporting.REPORTABLE]


class RelapseReportQuerySet(ClientOwnedQuerySet):
    def standing(self) -> Self:
        """Those that count: neither taken back, nor a mistake, nor found to be without substance."""
        return self.filter(state__in=reporting.STANDING)

    def awaiting_confirmation(self) -> Self:
        """Those about which a counselor still has to talk with the client."""
        return self.filter(state=ReportState.REPORTED, source__in=reporting.TO_CONFIRM)


class RelapseReport(Lifecycle, Record):
    """One report. Withdrawn ones stay, and are left out of every count."""

    State = ReportState
    Source = ReportSource
    Precision = Precision
    TRANSITIONS = reporting.REPORT_TRANSITIONS

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="relapse_reports")
    stage = models.CharField(max_length=14, choices=REPORTED_STAGES)
    reported_at = models.DateTimeField()
    occurred_on = models.DateField(null=True, blank=True)
    occurred_precision = models.CharField(max_length=8, choices=Precision.choices, default=Precision.UNKNOWN)
    source = models.CharField(max_length=24, choices=ReportSource.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()
    episode = models.ForeignKey(
        "relapse.UseEpisode", models.PROTECT, null=True, blank=True, related_name="reports"
    )
    use_days = ArrayField(models.DateField(), default=list, blank=True)  # as told; taken back with the report
    state = models.CharField(max_length=16, choices=ReportState.choices, default=ReportState.REPORTED)
    narrative = EncryptedTextField(blank=True)
    handled_in_contact = models.BooleanField(default=False)
    stopped_on = models.DateField(
        null=True, blank=True
    )  # when what is dangerous to stop was stopped, or ran out
    idempotency_key = models.CharField(max_length=80, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    closed_reason = models.CharField(max_length=500, blank=True)

    objects = RelapseReportQuerySet.as_manager()

    CLASSES = classify(
        clinical="stage reported_at occurred_on occurred_precision source episode use_days state narrative "
        "closed_reason stopped_on",
        operational="id uid client by recorded_at handled_in_contact idempotency_key confirmed_at confirmed_by "
        "closed_at closed_by",
    )

    class Meta:
        ordering: ClassVar = ["-reported_at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["client", "-reported_at"], name="report_of_client")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="one_report_per_idempotency_key",
            ),
            models.CheckConstraint(
                condition=Q(stage__in=reporting.REPORTABLE), name="reported_stage_can_be_reported"
            ),
            models.CheckConstraint(
                condition=Q(occurred_on__isnull=True, occurred_precision="unknown")
                | (Q(occurred_on__isnull=False) & ~Q(occurred_precision="unknown")),
                name="occurred_day_has_precision",
            ),
            models.CheckConstraint(
                condition=~Q(state="corroborated") | Q(confirmed_at__isnull=False),
                name="confirmed_report_says_when",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[ReportState.REPORTED, ReportState.CORROBORATED], closed_at__isnull=True
                )
                | (
                    Q(closed_at__isnull=False)
                    & ~Q(state__in=[ReportState.REPORTED, ReportState.CORROBORATED])
                ),
                name="closed_report_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"relapse report {self.uid}"

    @property
    def needs_confirmation(self) -> bool:
        """Whether a counselor still has to talk with the client before anything goes out."""
        return self.state == ReportState.REPORTED and reporting.needs_confirmation(self.source)

    @property
    def following(self) -> reporting.Following:
        """What the report, as it stands, sets in motion."""
        return reporting.following(self.source, self.state)

    @property
    def counts_from(self) -> datetime | None:
        """From when it may raise the stage; None when it may not."""
        return reporting.counts_from(
            self.source, self.state, reported_at=self.reported_at, confirmed_at=self.confirmed_at
        )


class ReportRepeat(models.Model):
    """The same event told again, by somebody else or later: attached to the report that is there."""

    report = models.ForeignKey(RelapseReport, models.PROTECT, related_name="repeats")
    source = models.CharField(max_length=24, choices=ReportSource.choices)
    reported_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    narrative = EncryptedTextField(blank=True)
    idempotency_key = models.CharField(max_length=80, blank=True)

    CLASSES: ClassVar[Any] = classify(
        clinical="source reported_at narrative", operational="id report by idempotency_key"
    )

    class Meta:
        ordering: ClassVar = ["reported_at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["report", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="one_repeat_per_idempotency_key",
            )
        ]

    def __str__(self) -> str:
        return f"repeat of report {self.report_id}"
