//! A visitor of the shop, whose person and session are part of every event of a visit.

use crate::person::Person;
use crate::shop::Shop;
use crate::{Attribute, Event, Facts, Record, Service, Source};

/// A person or robot during one visit.
pub(crate) struct Visitor<'a> {
    pub(crate) shop: &'a Shop,
    pub(crate) person: &'a Person,
    pub(crate) session: String,
    /// The version from which the pages were loaded. It stays the same for the whole visit.
    pub(crate) loaded: &'static str,
}

impl Visitor<'_> {
    pub(crate) fn source(&self, service: Service, time: i64) -> Source {
        let environment = self.person.environment;
        let version = match service {
            Service::Storefront => self.loaded,
            _ => self.shop.version(service, time),
        };
        Source {
            service,
            environment,
            version,
        }
    }

    /// Creates an event, and adds the facts about the visitor to its facts.
    pub(crate) fn event(&self, service: Service, time: i64, record: Record, facts: Facts) -> Event {
        let facts = Facts {
            visitor: match (&self.person.user, &self.person.installation) {
                (Some(user), _) => user.clone(),
                (None, Some(installation)) => installation.clone(),
                (None, None) => String::new(),
            },
            user: self.person.user.clone().unwrap_or_default(),
            session: self.session.clone(),
            bot: self.person.bot,
            country: self.person.country,
            device: self.person.device,
            ..facts
        };
        Event {
            source: self.source(service, time),
            time,
            record,
            facts,
        }
    }

    /// Adds the attributes that identify the visitor.
    pub(crate) fn identity(&self, mut attributes: Vec<Attribute>) -> Vec<Attribute> {
        attributes.push(("session.id", self.session.clone().into()));
        attributes.push(("user_agent.original", self.person.user_agent.into()));
        if !self.person.country.is_empty() {
            attributes.push(("geo.country.iso_code", self.person.country.into()));
        }
        if let Some(installation) = &self.person.installation {
            attributes.push(("app.installation.id", installation.clone().into()));
        }
        if let Some(user) = &self.person.user {
            attributes.push(("user.id", user.clone().into()));
        }
        attributes
    }
}
