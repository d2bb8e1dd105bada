//! Names in the environment that bear our prefix but are no setting: typing mistakes, and Kubernetes' own.

use super::setting::Setting;

/// How many letters a name may be off to count as a mistyped one: fewer where it is short, or every short name is near.
const NEAR: usize = 2;
const LETTERS_PER_SLIP: usize = 4;

/// What an unknown name most likely is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unknown<'a> {
    /// Kubernetes puts these into every pod for the Services of its namespace (`HELLO_PORT=tcp://…`).
    ServiceLink,
    /// A known name, mistyped.
    Mistyped(&'a str),
    /// Something else; a known name that is near enough to be worth telling.
    Strange(Option<&'a str>),
}

/// Judges a name (without prefix) that is not among `known`.
pub(super) fn judge<'a>(name: &str, value: &str, known: &[&'a str]) -> Unknown<'a> {
    if is_service_link(name, value) {
        return Unknown::ServiceLink;
    }
    let apart = |candidate: &str| strsim::damerau_levenshtein(name, candidate);
    let nearest = known.iter().copied().min_by_key(|candidate| apart(candidate));
    match nearest.map(|nearest| (nearest, apart(nearest))) {
        Some((nearest, slips)) if slips <= NEAR.min(nearest.len() / LETTERS_PER_SLIP) => Unknown::Mistyped(nearest),
        // With half of the letters wrong the nearest is as far as any, and to name it would mislead.
        Some((nearest, slips)) if slips * 2 < name.len().max(nearest.len()) => Unknown::Strange(Some(nearest)),
        _ => Unknown::Strange(None),
    }
}

/// The name to propose in place of a mistyped one: a setting's own, also where an older spelling of it is nearer.
pub(super) fn canonical(known: &[&Setting], nearest: &str) -> String {
    let called = |name: &str| known.iter().find(|setting| setting.spellings().any(|other| other == name));
    let of_a_file = || Some(format!("{}_FILE", called(nearest.strip_suffix("_FILE")?)?.name));
    called(nearest).map(|setting| setting.name.to_owned()).or_else(of_a_file).unwrap_or_else(|| nearest.to_owned())
}

/// See "Environment variables" in the Kubernetes documentation of Services.
fn is_service_link(name: &str, value: &str) -> bool {
    let is = |end: &str| name == end || name.ends_with(&format!("_{end}"));
    value.starts_with("tcp://")
        || value.starts_with("udp://")
        || is("SERVICE_HOST")
        || is("SERVICE_PORT")
        || name.contains("SERVICE_PORT_")
        || ["_TCP_PROTO", "_TCP_PORT", "_TCP_ADDR", "_UDP_PROTO", "_UDP_PORT", "_UDP_ADDR"]
            .iter()
            .any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 3] = ["HTTP_ADDR", "SECRET", "JWKS_URL"];

    #[test]
    fn a_mistyped_name_is_told_from_a_strange_one() {
        assert_eq!(judge("HTTP_ADR", "x", &KNOWN), Unknown::Mistyped("HTTP_ADDR"));
        assert_eq!(judge("SERCET", "x", &KNOWN), Unknown::Mistyped("SECRET"));
        assert_eq!(judge("COLOUR", "x", &KNOWN), Unknown::Strange(None));
        assert_eq!(judge("HTTP_PORT", "x", &KNOWN), Unknown::Strange(Some("HTTP_ADDR")));
    }

    #[test]
    fn a_short_name_of_somebody_elses_is_not_taken_for_a_mistyped_one() {
        for name in ["LANG", "LOG", "TAG"] {
            assert_eq!(judge(name, "x", &["LAB"]), Unknown::Strange(None), "{name}");
        }
        assert_eq!(judge("LAP", "x", &["LAB"]), Unknown::Strange(Some("LAB")));
    }

    #[test]
    fn what_kubernetes_injects_for_a_service_is_nobodys_mistake() {
        for (name, value) in [
            ("PORT", "tcp://10.0.0.1:80"),
            ("SERVICE_HOST", "10.0.0.1"),
            ("SERVICE_PORT", "80"),
            ("SERVICE_PORT_HTTP", "80"),
            ("PORT_80_TCP", "tcp://10.0.0.1:80"),
            ("PORT_80_TCP_ADDR", "10.0.0.1"),
            ("CANARY_SERVICE_HOST", "10.0.0.2"),
        ] {
            assert_eq!(judge(name, value, &KNOWN), Unknown::ServiceLink, "{name}");
        }
    }
}
