-- How a carrier did in a calendar month (local dates).
with flights as (
    select
        carrier,
        cast({{ dbt.date_trunc('month', 'local_date') }} as date) as month_start,
        count(*) as flights,
        cast(sum(cancelled) as bigint) as cancelled,
        cast(sum(diverted) as bigint) as diverted,
        cast(sum(late) as bigint) as late,
        {{ rate('late') }} as late_rate
    from {{ ref('stg_flights') }}
    group by carrier, cast({{ dbt.date_trunc('month', 'local_date') }} as date)
)

select
    flights.carrier,
    airlines.name as airline,
    flights.month_start,
    flights.flights,
    flights.cancelled,
    flights.diverted,
    flights.late,
    flights.late_rate
from flights
left join {{ ref('stg_airlines') }} as airlines
    on airlines.carrier = flights.carrier
