//! `#{namespace.name}` in action configuration: finding the references and putting values in.

use std::collections::BTreeMap;

/// Values by namespace and name.
pub(crate) type Namespaces = BTreeMap<String, BTreeMap<String, String>>;

/// One `#{namespace.name}`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reference<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
}

/// All references in a text, in order. Anything else that looks like one is plain text.
pub(crate) fn references(text: &str) -> Vec<Reference<'_>> {
    pieces(text).filter_map(|piece| piece.reference).collect()
}

/// Puts values in for references, or returns the first reference without a value.
pub(crate) fn resolve(text: &str, known: &Namespaces) -> Result<String, String> {
    let mut resolved = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece.reference {
            None => resolved.push_str(piece.text),
            Some(Reference { namespace, name }) => match known.get(namespace).and_then(|names| names.get(name)) {
                Some(value) => resolved.push_str(value),
                None => return Err(piece.text.to_owned()),
            },
        }
    }
    Ok(resolved)
}

struct Piece<'a> {
    text: &'a str,
    reference: Option<Reference<'a>>,
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = match rest.find("#{") {
            Some(0) => rest.find('}').map_or(rest.len(), |close| close + 1),
            Some(start) => start,
            None => rest.len(),
        };
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(Piece { text, reference: as_reference(text) })
    })
}

fn as_reference(text: &str) -> Option<Reference<'_>> {
    let (namespace, name) = text.strip_prefix("#{")?.strip_suffix('}')?.split_once('.')?;
    Some(Reference { namespace, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Namespaces {
        let names = [("CommitId".to_owned(), "7f3c".to_owned())];
        [("Source".to_owned(), names.into())].into()
    }

    #[test]
    fn references_are_replaced_and_the_rest_stays() {
        assert_eq!(resolve(r##"{"c":"#{Source.CommitId}"}"##, &known()).unwrap(), r##"{"c":"7f3c"}"##);
        assert_eq!(resolve("#{Source.CommitId}#{Source.CommitId}", &known()).unwrap(), "7f3c7f3c");
        assert_eq!(resolve("# {no} #{neither} #{", &known()).unwrap(), "# {no} #{neither} #{");
    }

    #[test]
    fn a_reference_without_a_value_is_named() {
        assert_eq!(resolve("a #{Source.Branch} b", &known()).unwrap_err(), "#{Source.Branch}");
    }
}
