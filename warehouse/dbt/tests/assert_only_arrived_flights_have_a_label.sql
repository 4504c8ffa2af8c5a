-- A cancelled or diverted flight has no label; every other flight has one.
select time_hour, origin, carrier, flight
from {{ ref('stg_flights') }}
where
    (late is null and cancelled = 0 and diverted = 0)
    or (late is not null and (cancelled = 1 or diverted = 1))
