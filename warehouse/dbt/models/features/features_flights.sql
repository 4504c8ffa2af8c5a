-- What is known of a flight before it leaves, and whether it came late.
--
-- History is point in time: a rate looks at the UTC days from seven to two days back. The day between
-- is left out because a flight of yesterday may still be in the air, or not yet be known to be late,
-- when this one leaves; one of two days back is not.
--
-- A month's run builds that month alone (`in_month`); all months together are in gold.
with flights as (
    select *, {{ date_of('time_hour') }} as utc_date
    from {{ ref('flights_enriched') }}
    where {{ in_month('time_hour') }}
),

scheduled as (
    select time_hour, origin, carrier, dest, late, {{ date_of('time_hour') }} as utc_date
    from {{ ref('stg_flights') }}
),

days as (
    select distinct utc_date
    from scheduled
    where {{ in_month('time_hour') }}
),

{%- for group in ['carrier', 'origin', 'dest'] %}

{{ group }}_days as (
    select {{ group }}, utc_date, sum(late) as late, count(late) as arrived
    from scheduled
    group by {{ group }}, utc_date
),

{{ group }}_history as (
    select
        past.{{ group }},
        days.utc_date,
        cast(sum(past.late) as {{ type_double() }}) / nullif(sum(past.arrived), 0) as late_rate
    from days
    inner join {{ group }}_days as past
        on past.utc_date >= {{ date_plus(-7, 'days.utc_date') }}
        and past.utc_date <= {{ date_plus(-2, 'days.utc_date') }}
    group by past.{{ group }}, days.utc_date
),
{%- endfor %}

traffic as (
    select origin, time_hour, count(*) as departures
    from scheduled
    group by origin, time_hour
)

select
    flights.time_hour,
    flights.origin,
    flights.carrier,
    flights.flight,
    flights.late,
    flights.dest,
    flights.distance,
    flights.sched_dep_hour,
    flights.sched_arr_hour,
    {{ iso_day_of_week('flights.local_date') }} as day_of_week,
    cast(traffic.departures as integer) as departures_in_hour,
    coalesce(flights.maker, 'UNKNOWN') as plane_maker,
    flights.seats as plane_seats,
    flights.engines as plane_engines,
    cast(extract(year from flights.local_date) - flights.year_built as integer) as plane_age,
    flights.temp,
    flights.dewp,
    flights.humid,
    flights.wind_dir,
    flights.wind_speed,
    flights.wind_gust,
    flights.precip,
    flights.pressure,
    flights.visib,
    carrier_history.late_rate as carrier_late_rate,
    origin_history.late_rate as origin_late_rate,
    dest_history.late_rate as dest_late_rate
from flights
inner join traffic
    on traffic.origin = flights.origin and traffic.time_hour = flights.time_hour
left join carrier_history
    on carrier_history.carrier = flights.carrier and carrier_history.utc_date = flights.utc_date
left join origin_history
    on origin_history.origin = flights.origin and origin_history.utc_date = flights.utc_date
left join dest_history
    on dest_history.dest = flights.dest and dest_history.utc_date = flights.utc_date
