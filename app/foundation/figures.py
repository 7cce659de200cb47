"""What Prometheus may read."""

from prometheus_client import Counter, Histogram

payment_events = Counter("perkline_payment_events_total", "Payment events worked on, by outcome", ["outcome"])
forged_events = Counter("perkline_forged_events_total", "Events refused for their signature", ["gateway"])
jobs = Counter("perkline_jobs_total", "Jobs run, by kind and end", ["kind", "end"])
job_seconds = Histogram(
    "perkline_job_seconds", "Time a job took", ["kind"], buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 60)
)
reveals = Counter("perkline_reveals_total", "Looks at secrets", ["who"])
turned_away = Counter(
    "perkline_turned_away_total", "Requests beyond their shop's share of a busy web process"
)
