-- The first two UTC days have no history to look at; a rate there would come from the future or from
-- a day that is not over.
select time_hour, origin, carrier, flight
from {{ ref('features_flights') }}
where
    {{ date_of('time_hour') }} < (
        select {{ date_plus(2, 'min(' ~ date_of('time_hour') ~ ')') }}
        from {{ ref('stg_flights') }}
    )
    and (carrier_late_rate is not null or origin_late_rate is not null or dest_late_rate is not null)
