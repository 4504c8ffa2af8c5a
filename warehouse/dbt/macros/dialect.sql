{# What engines write differently. Each macro has a default and, where an engine needs it, a
   variant `<engine>__<name>`; models hold no engine's own syntax. #}

{# The 64-bit floating point type. #}
{% macro type_double() %}{{ return(adapter.dispatch('type_double', 'landfall')()) }}{% endmacro %}
{% macro default__type_double() %}double precision{% endmacro %}
{% macro bigquery__type_double() %}float64{% endmacro %}

{# A moment as a timestamp without zone, in UTC, whether it comes with a zone or without. #}
{% macro utc_timestamp(column) %}{{ return(adapter.dispatch('utc_timestamp', 'landfall')(column)) }}{% endmacro %}
{% macro default__utc_timestamp(column) %}cast({{ column }} as timestamp){% endmacro %}
{% macro duckdb__utc_timestamp(column) %}(cast({{ column }} as timestamp with time zone) at time zone 'UTC'){% endmacro %}
{# Silver's moments have no zone; convert_timezone would take them to be in the session's. #}
{% macro snowflake__utc_timestamp(column) %}cast({{ column }} as timestamp_ntz){% endmacro %}

{# A moment that is written out, e.g. '2013-01-01', in UTC and of the type that utc_timestamp gives. #}
{% macro moment(text) %}{{ utc_timestamp("'" ~ text ~ "'") }}{% endmacro %}

{# A date of three integer columns. #}
{% macro date_from_parts(year, month, day) %}{{ return(adapter.dispatch('date_from_parts', 'landfall')(year, month, day)) }}{% endmacro %}
{% macro default__date_from_parts(year, month, day) -%}
    cast({{ dbt.concat([
        "cast(" ~ year ~ " as " ~ dbt.type_string() ~ ")", "'-'",
        "lpad(cast(" ~ month ~ " as " ~ dbt.type_string() ~ "), 2, '0')", "'-'",
        "lpad(cast(" ~ day ~ " as " ~ dbt.type_string() ~ "), 2, '0')",
    ]) }} as date)
{%- endmacro %}
{% macro duckdb__date_from_parts(year, month, day) %}make_date({{ year }}, {{ month }}, {{ day }}){% endmacro %}

{# The date of a timestamp. #}
{% macro date_of(column) %}cast({{ column }} as date){% endmacro %}

{# The date some days after another, before it where `days` is negative. Engines' own functions give a timestamp. #}
{% macro date_plus(days, date) %}cast({{ dbt.dateadd('day', days, date) }} as date){% endmacro %}

{# ISO day of the week: 1 is Monday, 7 is Sunday. 2001-01-01 was a Monday. #}
{% macro iso_day_of_week(date) -%}
    cast(mod({{ dbt.datediff("cast('2001-01-01' as date)", date, "day") }}, 7) + 1 as integer)
{%- endmacro %}

{# The share of rows whose 0/1 column is 1, nulls left out; null where there is none. Sums integers
   first, so that the order of the rows does not show in the last digits. #}
{% macro rate(column) -%}
    cast(sum({{ column }}) as {{ type_double() }}) / nullif(count({{ column }}), 0)
{%- endmacro %}
