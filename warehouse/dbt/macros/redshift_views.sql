{# Every view of Redshift binds late: one over the lake's external tables may not do otherwise, nor may one over
   such a view. Takes the place of the adapter's macro of this name. #}
{% macro redshift__create_view_as(relation, sql) -%}
    create view {{ relation }} as (
        {{ sql }}
    ) with no schema binding
{%- endmacro %}
