//! Where the values of a Kubernetes Secret stand in what is written to it.

use crate::value::Value;

/// Goes over the values under `data` and `stringData`, with the part and the key of each: in a
/// manifest, a merge patch, or the operations of a JSON patch (RFC 6902).
///
/// # Errors
/// The first that `each` gives.
pub fn each_value<E>(
    written: &mut Value,
    each: &mut dyn FnMut(&str, &str, &mut Value) -> Result<(), E>,
) -> Result<(), E> {
    let parts = ["data", "stringData"];
    let Some(operations) = written.as_array_mut() else {
        for part in parts {
            if let Some(values) = written.get_mut(part) {
                all(part, "", values, each)?;
            }
        }
        return Ok(());
    };
    for operation in operations {
        let path = operation["path"].as_str().unwrap_or_default().to_owned();
        let path = path.strip_prefix('/').unwrap_or_default();
        let (part, key) = path.split_once('/').unwrap_or((path, ""));
        if parts.contains(&part)
            && let Some(value) = operation.get_mut("value")
        {
            all(part, key, value, each)?;
        }
    }
    Ok(())
}

/// The values of a map, or the one value.
fn all<E>(
    part: &str,
    key: &str,
    value: &mut Value,
    each: &mut dyn FnMut(&str, &str, &mut Value) -> Result<(), E>,
) -> Result<(), E> {
    match value {
        Value::Object(values) => values
            .iter_mut()
            .try_for_each(|(key, value)| each(part, key, value)),
        value => each(part, key, value),
    }
}
