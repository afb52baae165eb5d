//! The interval of the auto-refresh, as the URL holds it.

use std::time::Duration;

/// The interval at which a page requests its answers again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Refresh {
    /// Never.
    #[default]
    Off,
    /// Every ten seconds.
    S10,
    /// Every minute.
    M1,
    /// Every five minutes.
    M5,
}

impl Refresh {
    /// Every choice, in the order of the menu.
    pub const ALL: [Self; 4] = [Self::Off, Self::S10, Self::M1, Self::M5];

    /// Returns the name in the URL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "",
            Self::S10 => "10s",
            Self::M1 => "1m",
            Self::M5 => "5m",
        }
    }

    /// Returns the name in the menu.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Off => "No auto-refresh",
            Self::S10 => "Every 10 s",
            Self::M1 => "Every minute",
            Self::M5 => "Every 5 minutes",
        }
    }

    /// Returns the interval, or `None` if the auto-refresh is off.
    pub const fn interval(self) -> Option<Duration> {
        match self {
            Self::Off => None,
            Self::S10 => Some(Duration::from_secs(10)),
            Self::M1 => Some(Duration::from_secs(60)),
            Self::M5 => Some(Duration::from_secs(300)),
        }
    }

    /// Returns the choice of a name. An unknown name is [`Refresh::Off`].
    pub fn parse(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|refresh| refresh.name() == name)
            .unwrap_or_default()
    }
}
