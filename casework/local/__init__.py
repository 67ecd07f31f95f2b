"""Private PostgreSQL and Valkey for the demo and the tests, and the demo's supervisor. Imports nothing of ours."""
