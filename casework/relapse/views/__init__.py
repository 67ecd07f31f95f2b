"""Pages of this room that change no stage; those that do are casework.followup's."""
