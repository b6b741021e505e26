//! Values for a chart: a map, and single ones by their paths, which keep the type they have.

use serde_json::json;

use crate::value::Value;

/// A path is deeper or an index higher than anybody means.
const MOST: usize = 1_000;

/// Puts a value at a path as `--set` writes it: `a.b`, `list[0].c`, `annotations.a\.b/c`.
///
/// # Errors
/// Says what is wrong with the path.
pub(super) fn set(values: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let mut place = values;
    for part in parts(path)? {
        place = match part {
            Part::Name(name) => {
                if !place.is_object() {
                    *place = json!({});
                }
                &mut place[name]
            }
            Part::Index(index) => {
                if !place.is_array() {
                    *place = json!([]);
                }
                let list = place.as_array_mut().expect("it was made one");
                if list.len() <= index {
                    list.resize(index + 1, Value::Null);
                }
                &mut list[index]
            }
        };
    }
    *place = value;
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Name(String),
    Index(usize),
}

fn parts(path: &str) -> Result<Vec<Part>, String> {
    let unfit = || format!("`{path}` is no path to a value, as `image.tag` or `hosts[0]` is");
    let mut parts = Vec::new();
    let mut name = String::new();
    // After an index a name begins with a dot only.
    let mut named = false;
    let mut characters = path.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => name.push(characters.next().ok_or_else(unfit)?),
            '.' | '[' => {
                if !name.is_empty() {
                    parts.push(Part::Name(std::mem::take(&mut name)));
                } else if !named {
                    return Err(unfit());
                }
                named = false;
                if character == '[' {
                    let mut digits = String::new();
                    loop {
                        match characters.next() {
                            Some(']') => break,
                            Some(digit) => digits.push(digit),
                            None => return Err(unfit()),
                        }
                    }
                    let index = digits.parse().ok().filter(|index| *index < MOST);
                    parts.push(Part::Index(index.ok_or_else(unfit)?));
                    named = true;
                    if !matches!(characters.peek(), None | Some('.' | '[')) {
                        return Err(unfit());
                    }
                }
            }
            other => name.push(other),
        }
    }
    if !name.is_empty() {
        parts.push(Part::Name(name));
    } else if !named {
        return Err(unfit());
    }
    if parts.len() > MOST || matches!(parts.first(), Some(Part::Index(_))) {
        return Err(unfit());
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(path: &str, expected: Value) {
        let mut values = json!({"image": {"tag": "a", "name": "b"}, "hosts": ["x", "y"]});
        set(&mut values, path, json!("true")).expect("it is a path");
        assert_eq!(values, expected, "{path}");
    }

    #[test]
    fn a_value_is_put_where_its_path_says_and_keeps_its_type() {
        case(
            "image.tag",
            json!({"image": {"tag": "true", "name": "b"}, "hosts": ["x", "y"]}),
        );
        case(
            "hosts[1]",
            json!({"image": {"tag": "a", "name": "b"}, "hosts": ["x", "true"]}),
        );
        case("image", json!({"image": "true", "hosts": ["x", "y"]}));
        case(
            r"labels.tracecat\.com/access-postgres",
            json!({"image": {"tag": "a", "name": "b"}, "hosts": ["x", "y"],
                   "labels": {"tracecat.com/access-postgres": "true"}}),
        );
        case(
            "hosts[0].name[1]",
            json!({"image": {"tag": "a", "name": "b"},
                   "hosts": [{"name": [null, "true"]}, "y"]}),
        );
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for path in [
            "", ".", "a.", ".a", "a..b", "a[", "a[x]", "a[-1]", "[0]", "a[0]b", "a\\", "a[99999]",
        ] {
            assert!(parts(path).is_err(), "{path}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_path_is_too_odd(path in ".{0,40}") {
            let _ = set(&mut json!({}), &path, Value::Null);
        }
    }
}
