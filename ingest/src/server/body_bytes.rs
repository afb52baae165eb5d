//! Limits on the bytes of request bodies in memory: in all, and for one sender.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::error::ApiError;

/// Longest time that a request waits for memory.
const WAIT: Duration = Duration::from_secs(1);

/// The bytes that request bodies may take in memory.
#[derive(Debug)]
pub struct BodyBytes {
    /// One permit per byte that may be held.
    all: Arc<Semaphore>,
    /// Bytes that may be held for one sender.
    share: usize,
    /// For each sender that has a request: one permit per byte that may be held for that sender.
    senders: Mutex<HashMap<IpAddr, Arc<Semaphore>>>,
    /// Longest time that a request waits.
    wait: Duration,
}

impl BodyBytes {
    /// Returns limits of `all` bytes, of which one sender may hold `share`. Both are below 4 GiB.
    pub fn new(all: u64, share: u64) -> Self {
        Self {
            all: Arc::new(Semaphore::new(all as usize)),
            share: share as usize,
            senders: Mutex::default(),
            wait: WAIT,
        }
    }

    /// Returns the bytes of a new request, which holds none yet.
    pub fn request(self: &Arc<Self>, sender: IpAddr) -> HeldBytes {
        let sender = network(sender);
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        let share = senders
            .entry(sender)
            .or_insert_with(|| Arc::new(Semaphore::new(self.share)));
        HeldBytes {
            limits: self.clone(),
            sender,
            share: share.clone(),
            permits: None,
        }
    }
}

/// The bytes that a request holds. Dropping the value frees them.
#[derive(Debug)]
pub struct HeldBytes {
    limits: Arc<BodyBytes>,
    sender: IpAddr,
    share: Arc<Semaphore>,
    /// Permits of the sender's share and of all bytes, the same number of each.
    permits: Option<[OwnedSemaphorePermit; 2]>,
}

impl HeldBytes {
    /// Returns the bytes that the request holds.
    pub fn bytes(&self) -> usize {
        self.permits.as_ref().map_or(0, |[share, _]| share.num_permits())
    }

    /// Waits until the request holds `bytes` bytes.
    ///
    /// # Errors
    /// Returns an error if the bytes are not free within [`BodyBytes`]'s waiting time.
    pub async fn grow(&mut self, bytes: usize) -> Result<(), ApiError> {
        let more = bytes.saturating_sub(self.bytes());
        // `Config::check` has checked that the limits are below 4 GiB.
        let more = u32::try_from(more).map_err(|_| ApiError::Overloaded)?;
        let share = timeout(self.limits.wait, self.share.clone().acquire_many_owned(more));
        let Ok(Ok(share)) = share.await else {
            return Err(ApiError::SenderOverloaded);
        };
        let all = timeout(self.limits.wait, self.limits.all.clone().acquire_many_owned(more));
        let Ok(Ok(all)) = all.await else {
            return Err(ApiError::Overloaded);
        };
        match &mut self.permits {
            Some([held_share, held_all]) => {
                held_share.merge(share);
                held_all.merge(all);
            }
            none => *none = Some([share, all]),
        }
        Ok(())
    }
}

impl Drop for HeldBytes {
    fn drop(&mut self) {
        self.permits = None;
        let mut senders = self.limits.senders.lock().unwrap_or_else(PoisonError::into_inner);
        // Two references are the map's and this one's: the sender has no other request.
        if Arc::strong_count(&self.share) == 2 {
            senders.remove(&self.sender);
        }
    }
}

/// Returns the address that identifies a sender: the IPv4 address, or the /64 network that a provider gives to one
/// customer.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::{BodyBytes, network};

    #[tokio::test]
    async fn a_sender_gets_its_share_and_no_sender_is_remembered_without_a_request() {
        let limits = Arc::new(BodyBytes {
            wait: Duration::from_millis(20),
            ..BodyBytes::new(100, 60)
        });
        let (one, other) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let mut first = limits.request(one);
        first.grow(40).await.expect("bytes");
        let mut second = limits.request(one);
        assert!(second.grow(21).await.is_err(), "more than its share");
        second.grow(20).await.expect("its share");
        let mut third = limits.request(other);
        third.grow(40).await.expect("what the first leaves");
        assert!(third.grow(41).await.is_err(), "no more is left");
        drop(first);
        third.grow(60).await.expect("bytes");
        assert_eq!((second.bytes(), third.bytes()), (20, 60));
        assert_eq!(limits.senders.lock().expect("a lock").len(), 2);
        drop((second, third));
        assert!(limits.senders.lock().expect("a lock").is_empty());
        assert_eq!(limits.all.available_permits(), 100);
    }

    #[test]
    fn addresses_of_one_network_are_one_sender() {
        let network = |address: &str| network(address.parse().expect("an address"));
        assert_eq!(network("2001:db8:1:2:3::4"), network("2001:db8:1:2:ffff::"));
        assert_ne!(network("2001:db8:1:2::"), network("2001:db8:1:3::"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.2"), network("192.0.2.1"));
    }
}
