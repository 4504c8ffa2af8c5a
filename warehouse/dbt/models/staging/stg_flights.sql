-- One scheduled departure as the contract has it, with the names that the marts use.
select
    {{ utc_timestamp('time_hour') }} as time_hour,
    origin,
    carrier,
    flight,
    dest,
    tailnum,
    {{ date_from_parts('year', 'month', 'day') }} as local_date,
    hour as sched_dep_hour,
    minute as sched_dep_minute,
    cast(floor(sched_arr_time / 100) as integer) as sched_arr_hour,
    distance,
    dep_delay,
    arr_delay,
    air_time,
    case when dep_time is null then 1 else 0 end as cancelled,
    case when dep_time is not null and arr_delay is null then 1 else 0 end as diverted,
    case when arr_delay > 15 then 1 when arr_delay is not null then 0 end as late
from {{ source('silver', 'flights') }}
