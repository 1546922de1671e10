"""The views that people ask, over the raw tables and what the registers mean."""

from __future__ import annotations

from bessinside.twin.quality import Quality

QUALITIES = "[" + ", ".join(f"'{mark.label}'" for mark in Quality) + "]"

VIEWS = """
CREATE VIEW points AS SELECT DISTINCT * EXCLUDE (point, from_ns, to_ns) FROM point_rows;
CREATE VIEW sweeps AS
  SELECT make_timestamp_ns(end_ns) AS time, device, edition, number, make_timestamp_ns(start_ns) AS start, failed
  FROM (SELECT device, edition, unnest(number) AS number, unnest(start_ns) AS start_ns, unnest(end_ns) AS end_ns,
               unnest(failed) AS failed FROM sweep_lists)
  WHERE end_ns >= {begin} AND end_ns < {end};
CREATE VIEW lists AS
  SELECT r.point, w.run, r.k, r.of, w.words, q.outcome
  FROM registers r
  JOIN words w ON w.edition = r.edition AND w.fc = r.fc AND w.address = r.address
  JOIN requests q ON q.run = w.run AND q.request = r.request;
CREATE VIEW decoded_lists AS
  SELECT point, run, decoded(point, [words], [outcome]) AS decoded FROM lists WHERE of = 1
  UNION ALL
  SELECT point, run, decoded(point, list(words ORDER BY k), list(outcome ORDER BY k)) AS decoded
  FROM lists WHERE of > 1 GROUP BY point, run;
CREATE VIEW readings AS
  SELECT make_timestamp_ns(ns) AS time, id, part, metric, device, found.value AS value, unit,
         {qualities}[found.quality + 1] AS quality
  FROM (SELECT p.id, p.part, p.metric, p.device, p.unit, p.from_ns, p.to_ns, unnest(s.end_ns) AS ns,
               unnest(d.decoded) AS found
        FROM point_rows p
        JOIN decoded_lists d ON d.point = p.point
        JOIN sweep_lists s ON s.run = d.run)
  WHERE ns >= {begin} AND ns < {end} AND ns >= from_ns AND ns < to_ns;
CREATE VIEW cells AS
  SELECT time, regexp_extract(part, '^(.*?)(/m[0-9]+)?/(cell|sensor)[0-9]+$', 1) AS rack,
         TRY_CAST(regexp_extract(part, '/m([0-9]+)/', 1) AS INTEGER) AS module,
         TRY_CAST(regexp_extract(part, '(cell|sensor)([0-9]+)$', 2) AS INTEGER) AS number,
         id, metric, value, quality
  FROM readings WHERE metric LIKE 'cell.%' OR metric LIKE 'sensor.%';
CREATE VIEW alarms AS
  SELECT time, id, part, device, code, name, label
  FROM (SELECT r.time, r.id, r.part, r.device, y.code, y.name, y.label,
               (r.value::UBIGINT >> y.code) & 1 AS up,
               lag((r.value::UBIGINT >> y.code) & 1, 1, 0) OVER (PARTITION BY r.id, y.code ORDER BY r.time) AS before
        FROM readings r
        JOIN point_rows p ON p.id = r.id AND p.device = r.device
        JOIN symbols y ON y.point = p.point
        WHERE r.quality = 'good')
  WHERE up = 1 AND before = 0
"""
