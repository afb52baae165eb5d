//! The people and robots that visit the shop.

use crate::Environment;
use crate::rng::Rng;

/// The number of people who know the shop. Some visit it daily, most once.
const PEOPLE: f64 = 5_200.0;

/// A person or robot. A person has the same properties at every visit.
pub(crate) struct Person {
    /// `app.installation.id`. `None` for robots, which keep no storage.
    pub(crate) installation: Option<String>,
    /// `user.id`, if the person logs in.
    pub(crate) user: Option<String>,
    /// `user_agent.original`.
    pub(crate) user_agent: &'static str,
    /// The device of the browser: `desktop` or `mobile`, `bot` for robots.
    pub(crate) device: &'static str,
    /// `geo.country.iso_code`. Empty if it is not known.
    pub(crate) country: &'static str,
    /// True for a robot that runs the page's scripts.
    pub(crate) bot: bool,
    /// The environment that the person visits.
    pub(crate) environment: Environment,
}

/// The User-Agents with their devices, weighted by the number of people who use them.
const BROWSERS: [((&str, &str), u32); 6] = [
    (
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
            "desktop",
        ),
        30,
    ),
    (
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
            "mobile",
        ),
        26,
    ),
    (
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
            "mobile",
        ),
        20,
    ),
    (
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
            "desktop",
        ),
        12,
    ),
    (
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
            "desktop",
        ),
        7,
    ),
    (
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
            "desktop",
        ),
        5,
    ),
];

/// The countries of the people, with weights. Some people's country is unknown.
const COUNTRIES: [(&str, u32); 9] = [
    ("DE", 41),
    ("FR", 14),
    ("US", 12),
    ("GB", 9),
    ("JP", 8),
    ("UA", 6),
    ("TH", 4),
    ("GR", 3),
    ("", 3),
];

const ROBOTS: [&str; 3] = [
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/136.0.0.0 Safari/537.36",
];

impl Person {
    /// Returns the person or robot of the next visit.
    pub(crate) fn arriving(seed: u64, rng: &mut Rng) -> Self {
        if rng.chance(0.05) {
            return Self {
                installation: None,
                user: None,
                user_agent: rng.pick(&ROBOTS),
                device: "bot",
                country: "US",
                bot: true,
                environment: Environment::Production,
            };
        }
        if rng.chance(0.04) {
            return Self::known(seed, 1_000_000 + rng.between(0, 9) as u64, Environment::Staging);
        }
        // The third power makes regular visitors: one person in ten makes almost half of the visits.
        Self::known(
            seed,
            (PEOPLE * rng.share().powi(3)) as u64,
            Environment::Production,
        )
    }

    fn known(seed: u64, number: u64, environment: Environment) -> Self {
        let mut own = Rng::new(seed, 0x9e0, number);
        let user = own.chance(0.3).then(|| match number % 29 {
            0 => format!("zoë-{number}"),
            _ => format!("user-{number}"),
        });
        let (user_agent, device) = own.weighted(&BROWSERS);
        Self {
            installation: Some(own.uuid()),
            user,
            user_agent,
            device,
            country: own.weighted(&COUNTRIES),
            bot: false,
            environment,
        }
    }
}
