{{ config(materialized='view') }}
-- A flight with what is known of its airline, its airports, its aircraft and the weather at its
-- origin in its hour. Left joins: a flight stays where one of those is unknown.
select
    flights.time_hour,
    flights.origin,
    flights.carrier,
    flights.flight,
    flights.dest,
    flights.tailnum,
    flights.local_date,
    flights.sched_dep_hour,
    flights.sched_dep_minute,
    flights.sched_arr_hour,
    flights.distance,
    flights.dep_delay,
    flights.arr_delay,
    flights.cancelled,
    flights.diverted,
    flights.late,
    airlines.name as airline,
    origins.name as origin_name,
    destinations.name as dest_name,
    planes.year_built,
    planes.maker,
    planes.engines,
    planes.seats,
    weather.temp,
    weather.dewp,
    weather.humid,
    weather.wind_dir,
    weather.wind_speed,
    weather.wind_gust,
    weather.precip,
    weather.pressure,
    weather.visib
from {{ ref('stg_flights') }} as flights
left join {{ ref('stg_airlines') }} as airlines
    on airlines.carrier = flights.carrier
left join {{ ref('stg_airports') }} as origins
    on origins.faa = flights.origin
left join {{ ref('stg_airports') }} as destinations
    on destinations.faa = flights.dest
left join {{ ref('stg_planes') }} as planes
    on planes.tailnum = flights.tailnum
left join {{ ref('stg_weather') }} as weather
    on weather.origin = flights.origin and weather.time_hour = flights.time_hour
