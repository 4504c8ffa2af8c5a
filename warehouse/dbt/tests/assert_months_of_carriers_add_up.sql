-- The carriers' months hold each flight once.
select months.flights as in_months, flights.flights as in_flights
from (select sum(flights) as flights from {{ ref('carrier_months') }}) as months
cross join (select count(*) as flights from {{ ref('stg_flights') }}) as flights
where months.flights <> flights.flights
