{# The condition that a moment (without zone, UTC) lies in the month that is built: the variables
   month_start and month_end (dates, the end not included). Without them every month is built.
   A feature model filters its rows with it, and reads the history that it looks back on without it. #}
{% macro in_month(column) -%}
    {%- if var('month_start', none) -%}
        {{ column }} >= {{ moment(var("month_start")) }}
        and {{ column }} < {{ moment(var("month_end")) }}
    {%- else -%}
        1 = 1
    {%- endif -%}
{%- endmacro %}
