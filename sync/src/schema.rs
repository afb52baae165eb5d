//! Schema evolution: adds columns that this version declares, or that the lake got later, to the raw tables.

use iceberg::spec::{PrimitiveType, Type};

use crate::clickhouse::{Tables, Target};
use crate::error::{Error, Result};
use crate::lake_snapshot::LakeColumn;
use lakefront_clickhouse_http::identifier;
use lakefront_otel::{Column, clickhouse_column};

/// Adds the columns that this version declares and a raw table lacks, because an older version made it. Returns true if
/// there were any.
///
/// # Errors
/// When ClickHouse fails.
pub async fn add_declared(target: &Target, tables: &Tables) -> Result<bool> {
    let mut any = false;
    for table in lakefront_otel::tables() {
        let known = tables.columns(table.name);
        let is_missing = |column: &&Column| known.iter().all(|known| known.name != column.name);
        for column in table.columns.iter().filter(is_missing) {
            let sql = format!(
                "ALTER TABLE otel.{} ADD COLUMN IF NOT EXISTS {}",
                table.name,
                clickhouse_column(column)
            );
            target
                .execute(&format!("add a column to {}", table.name), &sql)
                .await?;
            tracing::info!(
                target = target.name(),
                table = table.name,
                column = column.name,
                "a new column"
            );
            any = true;
        }
    }
    Ok(any)
}

/// Adds the columns that the lake's table has and the raw table lacks. Returns true if there were any.
///
/// # Errors
/// [`Error::Column`] for a type without a ClickHouse counterpart, and failures of ClickHouse.
pub async fn carry_over(target: &Target, tables: &Tables, table: &str, lake: &[LakeColumn]) -> Result<bool> {
    let known = tables.columns(table);
    let missing = lake
        .iter()
        .filter(|column| !known.iter().any(|known| known.name == column.name));
    let mut any = false;
    for column in missing {
        let r#type = column_type(column).ok_or_else(|| Error::Column {
            table: table.to_owned(),
            column: column.name.clone(),
            r#type: column.r#type.to_string(),
        })?;
        let sql = format!(
            "ALTER TABLE otel.{table} ADD COLUMN IF NOT EXISTS {} {type}",
            identifier(&column.name)
        );
        target.execute(&format!("add a column to {table}"), &sql).await?;
        tracing::info!(
            target = target.name(),
            table,
            column = column.name,
            r#type,
            "a new column of the lake"
        );
        any = true;
    }
    Ok(any)
}

fn column_type(column: &LakeColumn) -> Option<String> {
    let inner = type_name(&column.r#type)?;
    // Arrays and maps are empty rather than null. Rows from before the column have an empty value or null.
    let nullable = !column.required && column.r#type.is_primitive();
    Some(if nullable {
        format!("Nullable({inner})")
    } else {
        inner
    })
}

fn type_name(r#type: &Type) -> Option<String> {
    match r#type {
        Type::Primitive(primitive) => primitive_name(primitive),
        Type::List(list) => Some(format!("Array({})", type_name(&list.element_field.field_type)?)),
        Type::Map(map) => match &*map.key_field.field_type {
            Type::Primitive(PrimitiveType::String) => Some(format!(
                "Map(String, {})",
                type_name(&map.value_field.field_type)?
            )),
            _ => None,
        },
        // ClickHouse 26.7 reads lists of structs as empty lists, without an error.
        Type::Struct(_) => None,
    }
}

fn primitive_name(primitive: &PrimitiveType) -> Option<String> {
    Some(match primitive {
        PrimitiveType::Boolean => "Bool".into(),
        PrimitiveType::Int => "Int32".into(),
        PrimitiveType::Long => "Int64".into(),
        PrimitiveType::Float => "Float32".into(),
        PrimitiveType::Double => "Float64".into(),
        PrimitiveType::String => "String".into(),
        PrimitiveType::Date => "Date32".into(),
        PrimitiveType::Timestamp | PrimitiveType::Timestamptz => "DateTime64(6, 'UTC')".into(),
        PrimitiveType::Decimal { precision, scale } => format!("Decimal({precision}, {scale})"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use iceberg::spec::{ListType, NestedField, StructType};

    use super::*;

    fn column(r#type: Type, required: bool) -> LakeColumn {
        LakeColumn {
            name: "New".into(),
            r#type,
            required,
        }
    }

    #[test]
    fn types_are_carried_over_or_refused() {
        let string = Type::Primitive(PrimitiveType::String);
        let element = NestedField::list_element(1, string.clone(), true).into();
        let list = Type::List(ListType::new(element));
        let fields = NestedField::optional(2, "a", string.clone()).into();
        let nested = Type::Struct(StructType::new(vec![fields]));
        for (column, expected) in [
            (column(string.clone(), false), Some("Nullable(String)")),
            (column(string, true), Some("String")),
            (column(list, false), Some("Array(String)")),
            (column(Type::Primitive(PrimitiveType::Uuid), false), None),
            (column(nested, false), None),
        ] {
            assert_eq!(column_type(&column).as_deref(), expected, "{column:?}");
        }
    }
}
