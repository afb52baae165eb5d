//! The command against a local server that answers as the documentation of Cloudflare and Fly.io says, with scripts in the place of
//! wrangler and flyctl. `docs/deploy/untested.md` says what this cannot show.

mod account;
mod changes;
mod checks;
mod command;
mod destruction;
mod documented;
mod documents;
mod failures;
mod first_run;
mod interrupted;
mod world;
mod wrangler;
