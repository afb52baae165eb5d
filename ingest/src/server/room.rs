//! Room for request bodies: so many bytes in all, and so many for one sender.

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

/// How long a request waits for room.
const WAIT: Duration = Duration::from_secs(1);

/// Room for request bodies.
#[derive(Debug)]
pub struct Room {
    /// A permit per byte that may be held.
    all: Arc<Semaphore>,
    /// Bytes that may be held for one sender.
    share: usize,
    /// A permit per byte that may be held for each sender that has a request.
    senders: Mutex<HashMap<IpAddr, Arc<Semaphore>>>,
    /// How long a request waits.
    wait: Duration,
}

impl Room {
    /// Returns room for `all` bytes, of which one sender may have `share`. Both are below 4 GiB.
    pub fn new(all: u64, share: u64) -> Self {
        Self {
            all: Arc::new(Semaphore::new(all as usize)),
            share: share as usize,
            senders: Mutex::default(),
            wait: WAIT,
        }
    }

    /// Returns the room of a request, which is none at first.
    pub fn request(self: &Arc<Self>, sender: IpAddr) -> Held {
        let sender = network(sender);
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        let share = senders
            .entry(sender)
            .or_insert_with(|| Arc::new(Semaphore::new(self.share)));
        Held {
            room: self.clone(),
            sender,
            share: share.clone(),
            permits: None,
        }
    }
}

/// Room that a request holds until this is dropped.
#[derive(Debug)]
pub struct Held {
    room: Arc<Room>,
    sender: IpAddr,
    share: Arc<Semaphore>,
    /// Of the sender's share, and of all room: the same number of each.
    permits: Option<[OwnedSemaphorePermit; 2]>,
}

impl Held {
    /// Returns the bytes that are held.
    pub fn bytes(&self) -> usize {
        self.permits.as_ref().map_or(0, |[share, _]| share.num_permits())
    }

    /// Waits for room for `bytes` in all.
    ///
    /// # Errors
    /// If the room does not become free soon.
    pub async fn grow(&mut self, bytes: usize) -> Result<(), ApiError> {
        let more = bytes.saturating_sub(self.bytes());
        // The limits are below 4 GiB: `Config::check`.
        let more = u32::try_from(more).map_err(|_| ApiError::Overloaded)?;
        let share = timeout(self.room.wait, self.share.clone().acquire_many_owned(more));
        let Ok(Ok(share)) = share.await else {
            return Err(ApiError::SenderOverloaded);
        };
        let all = timeout(self.room.wait, self.room.all.clone().acquire_many_owned(more));
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

impl Drop for Held {
    fn drop(&mut self) {
        self.permits = None;
        let mut senders = self.room.senders.lock().unwrap_or_else(PoisonError::into_inner);
        // The map and this: no other request of the sender has any.
        if Arc::strong_count(&self.share) == 2 {
            senders.remove(&self.sender);
        }
    }
}

/// Returns what stands for a sender: the address, or the /64 that a provider gives to one customer.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::{Room, network};

    #[tokio::test]
    async fn a_sender_gets_its_share_and_no_sender_is_remembered_without_a_request() {
        let room = Arc::new(Room {
            wait: Duration::from_millis(20),
            ..Room::new(100, 60)
        });
        let (one, other) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let mut first = room.request(one);
        first.grow(40).await.expect("room");
        let mut second = room.request(one);
        assert!(second.grow(21).await.is_err(), "more than its share");
        second.grow(20).await.expect("its share");
        let mut third = room.request(other);
        third.grow(40).await.expect("what the first leaves");
        assert!(third.grow(41).await.is_err(), "no more is left");
        drop(first);
        third.grow(60).await.expect("room");
        assert_eq!((second.bytes(), third.bytes()), (20, 60));
        assert_eq!(room.senders.lock().expect("a lock").len(), 2);
        drop((second, third));
        assert!(room.senders.lock().expect("a lock").is_empty());
        assert_eq!(room.all.available_permits(), 100);
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
