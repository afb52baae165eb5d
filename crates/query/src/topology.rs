use lakefront_api::{BackendKind, BackendState};

/// The engines that are configured, and what is believed of each: an argument of the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topology {
    /// In the order of preference (nearest first).
    pub backends: Vec<Backend>,
}

/// One engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    /// The name in the configuration.
    pub name: String,
    /// Its kind.
    pub kind: BackendKind,
    /// Its region, where it has one.
    pub region: Option<String>,
    /// What is believed of it. After a backend was down for 10 s it is unknown again, which lets one probe through.
    pub state: BackendState,
}

impl Topology {
    /// The engines of a kind, in order.
    pub(crate) fn of(&self, kind: BackendKind) -> impl Iterator<Item = &Backend> {
        self.backends.iter().filter(move |backend| backend.kind == kind)
    }
}
