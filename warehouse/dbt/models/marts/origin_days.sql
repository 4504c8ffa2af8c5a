-- How a day went at an origin (local dates), with the weather in the hours of its departures.
select
    flights.origin,
    flights.local_date,
    count(*) as flights,
    cast(sum(flights.cancelled) as bigint) as cancelled,
    cast(sum(flights.late) as bigint) as late,
    {{ rate('flights.late') }} as late_rate,
    min(weather.visib) as least_visib,
    max(weather.wind_speed) as greatest_wind_speed,
    max(weather.precip) as greatest_precip
from {{ ref('stg_flights') }} as flights
left join {{ ref('stg_weather') }} as weather
    on weather.origin = flights.origin and weather.time_hour = flights.time_hour
group by flights.origin, flights.local_date
