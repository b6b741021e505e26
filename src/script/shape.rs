//! Values of scripts: copied, compared, shown, and turned into plain values and back.

use rhai::{Array, Blob, Dynamic, FnPtr, ImmutableString, Map};

use super::result::{Held, StepResult};
use super::secret::{Raw, Secret};
use crate::value::Value;

/// Values nested deeper than this are cut off; a closure can hold itself.
const DEPTH: usize = 64;

/// A plain value as a script's.
pub fn to_dynamic(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => match number.as_i64() {
            Some(number) => number.into(),
            None => number.as_f64().unwrap_or(f64::NAN).into(),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(values) => values.iter().map(to_dynamic).collect::<Array>().into(),
        Value::Object(values) => values
            .iter()
            .map(|(key, value)| (key.as_str().into(), to_dynamic(value)))
            .collect::<Map>()
            .into(),
    }
}

/// A plain value as a script's, freed while it is read: both at once would be a lot of memory.
pub(super) fn into_dynamic(value: Value) -> Dynamic {
    match value {
        Value::Array(values) => {
            let values: Array = values.into_iter().map(into_dynamic).collect();
            values.into()
        }
        Value::Object(values) => {
            let values: Map = values
                .into_iter()
                .map(|(key, value)| (key.into(), into_dynamic(value)))
                .collect();
            values.into()
        }
        value => to_dynamic(&value),
    }
}

/// A script's value as a plain one; a secret becomes `«secret:name»`.
#[must_use]
pub fn to_value(value: &Dynamic) -> Value {
    plain(value, DEPTH)
}

fn plain(value: &Dynamic, depth: usize) -> Value {
    let Some(depth) = depth.checked_sub(1) else {
        return Value::Null;
    };
    if value.is_shared() {
        return plain(&value.flatten_clone(), depth);
    }
    if let Ok(value) = value.as_bool() {
        Value::from(value)
    } else if let Ok(value) = value.as_int() {
        Value::from(value)
    } else if let Ok(value) = value.as_float() {
        Value::from(value)
    } else if let Ok(value) = value.as_array_ref() {
        value.iter().map(|value| plain(value, depth)).collect()
    } else if let Ok(value) = value.as_map_ref() {
        value
            .iter()
            .map(|(key, value)| (key.to_string(), plain(value, depth)))
            .collect()
    } else if let Some(result) = value.read_lock::<Held>() {
        result.plain(&|value| plain(value, depth))
    } else if value.is_unit() {
        Value::Null
    } else {
        Value::from(to_text(value))
    }
}

/// A value as text, as `print` and interpolation give it.
#[must_use]
pub fn to_text(value: &Dynamic) -> String {
    if value.is_shared() {
        return to_text(&value.flatten_clone());
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        text.to_string()
    } else if let Some(secret) = value.read_lock::<Secret>() {
        secret.to_string()
    } else if let Some(raw) = value.read_lock::<Raw>() {
        raw.0.clone()
    } else if let Some(result) = value.read_lock::<Held>() {
        result.to_string()
    } else if value.is_map() || value.is_array() {
        show(value, usize::MAX)
    } else if let Ok(bytes) = value.as_blob_ref() {
        String::from_utf8_lossy(&bytes).into_owned()
    } else {
        value.to_string()
    }
}

/// A value for people, text quoted, cut to about `limit` characters.
#[must_use]
pub fn show(value: &Dynamic, limit: usize) -> String {
    let mut text = Shown {
        text: String::new(),
        room: limit,
    };
    text.value(value, DEPTH);
    text.text
}

/// What a value is, in words: `a list`, `a step's result`.
#[must_use]
pub fn describe(value: &Dynamic) -> String {
    let words = if value.is_unit() {
        "nothing"
    } else if value.is_array() {
        "a list"
    } else if value.is_map() {
        "a map"
    } else if value.is_bool() {
        "a boolean"
    } else if value.is_int() || value.is_float() {
        "a number"
    } else if value.is_string() || value.is_char() {
        "a text"
    } else if value.is_fnptr() {
        "a function"
    } else if value.is_blob() {
        "bytes"
    } else if value.is::<Held>() {
        "a result"
    } else if value.is::<Secret>() {
        "a secret"
    } else if value.is::<Raw>() {
        "a raw text"
    } else if value.is::<std::ops::Range<i64>>() || value.is::<std::ops::RangeInclusive<i64>>() {
        "a range"
    } else {
        return format!("a value of type {}", value.type_name());
    };
    words.to_owned()
}

struct Shown {
    text: String,
    /// How many characters may still come.
    room: usize,
}

impl Shown {
    fn push(&mut self, text: &str) {
        for character in text.chars() {
            if self.room == 0 {
                return;
            }
            self.room -= 1;
            if self.room == 0 {
                self.text.push('…');
                return;
            }
            self.text.push(character);
        }
    }

    fn quoted(&mut self, text: &str) {
        self.push("\"");
        for character in text.chars() {
            if self.room == 0 {
                return;
            }
            let mut buffer = [0; 4];
            match character {
                '"' => self.push("\\\""),
                c if c.is_control() || c == '\\' => self.push(&c.escape_debug().to_string()),
                c => self.push(c.encode_utf8(&mut buffer)),
            }
        }
        self.push("\"");
    }

    fn value(&mut self, value: &Dynamic, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else {
            return self.push("…");
        };
        if self.room == 0 {
            return;
        }
        if value.is_shared() {
            return self.value(&value.flatten_clone(), depth);
        }
        if let Ok(text) = value.as_immutable_string_ref() {
            self.quoted(&text);
        } else if let Ok(values) = value.as_array_ref() {
            self.push("[");
            for (index, value) in values.iter().enumerate() {
                if self.room == 0 {
                    return;
                }
                if index > 0 {
                    self.push(", ");
                }
                self.value(value, depth);
            }
            self.push("]");
        } else if let Ok(values) = value.as_map_ref() {
            self.push("#{");
            for (index, (key, value)) in values.iter().enumerate() {
                if self.room == 0 {
                    return;
                }
                if index > 0 {
                    self.push(", ");
                }
                if rhai::is_valid_identifier(key) {
                    self.push(key);
                } else {
                    self.quoted(key);
                }
                self.push(": ");
                self.value(value, depth);
            }
            self.push("}");
        } else if value.is_unit() {
            self.push("()");
        } else {
            self.push(&to_text(value));
        }
    }
}

/// A copy that shares nothing that can change.
pub(super) fn detached(value: &Dynamic) -> Dynamic {
    detach(value.flatten_clone(), DEPTH)
}

/// A value of which nothing is shared, made of one that is ours already.
fn detach(mut own: Dynamic, depth: usize) -> Dynamic {
    let Some(depth) = depth.checked_sub(1) else {
        return Dynamic::UNIT;
    };
    if own.is_shared() {
        own = own.flatten_clone();
    }
    let result = own.read_lock::<StepResult>().map(|result| result.clone());
    if let Some(result) = result {
        // `Dynamic::from` takes it as it is; scripts know it in its cheap form.
        return result.into();
    }
    if own.is_array() {
        if let Ok(mut values) = own.as_array_mut() {
            for value in values.iter_mut() {
                *value = detach(std::mem::take(value), depth);
            }
        }
    } else if own.is_map() {
        if let Ok(mut values) = own.as_map_mut() {
            for value in values.values_mut() {
                *value = detach(std::mem::take(value), depth);
            }
        }
    } else if let Some(mut function) = own.write_lock::<FnPtr>() {
        for captured in function.iter_curry_mut() {
            let was_shared = captured.is_shared();
            let fresh = detach(std::mem::take(captured), depth);
            // A closure changes what it captured from call to call.
            *captured = if was_shared {
                fresh.into_shared()
            } else {
                fresh
            };
        }
    }
    own
}

/// Whether two values are the same, as far as a script could tell.
pub(super) fn same(one: &Dynamic, other: &Dynamic) -> bool {
    equal(one, other, DEPTH)
}

fn equal(one: &Dynamic, other: &Dynamic, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    if one.is_shared() || other.is_shared() {
        return equal(&one.flatten_clone(), &other.flatten_clone(), depth);
    }
    if one.type_id() != other.type_id() {
        return false;
    }
    if let (Ok(one), Ok(other)) = (one.as_array_ref(), other.as_array_ref()) {
        return one.len() == other.len()
            && one
                .iter()
                .zip(other.iter())
                .all(|(one, other)| equal(one, other, depth));
    }
    if let (Ok(one), Ok(other)) = (one.as_map_ref(), other.as_map_ref()) {
        return one.len() == other.len()
            && one
                .iter()
                .zip(other.iter())
                .all(|(one, other)| one.0 == other.0 && equal(one.1, other.1, depth));
    }
    if let (Some(one), Some(other)) = (one.read_lock::<FnPtr>(), other.read_lock::<FnPtr>()) {
        return one.fn_name() == other.fn_name()
            && one.curry().len() == other.curry().len()
            && one
                .iter_curry()
                .zip(other.iter_curry())
                .all(|(one, other)| equal(one, other, depth));
    }
    is_equal::<()>(one, other)
        || is_equal::<bool>(one, other)
        || is_equal::<i64>(one, other)
        || one.as_float().is_ok_and(|one| {
            other
                .as_float()
                .is_ok_and(|other| one.to_bits() == other.to_bits())
        })
        || is_equal::<char>(one, other)
        || is_equal::<ImmutableString>(one, other)
        || is_equal::<Blob>(one, other)
        || is_equal::<Secret>(one, other)
        || is_equal::<Raw>(one, other)
        || is_equal::<Held>(one, other)
}

fn is_equal<T: PartialEq + Clone + 'static>(one: &Dynamic, other: &Dynamic) -> bool {
    match (one.read_lock::<T>(), other.read_lock::<T>()) {
        (Some(one), Some(other)) => *one == *other,
        _ => false,
    }
}
