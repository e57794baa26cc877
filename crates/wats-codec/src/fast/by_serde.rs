//! The traits of the fast path for any type of `serde`.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Decode, Encode, Sink, Source};

/// A value that is written and read by way of its `serde` implementation, whatever type it is.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use wats_codec::{Serde, Serializer};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// struct Station { name: String }
///
/// let station = Station { name: "EOL-3".into() };
/// let json = Serializer::default();
/// let bytes = json.to_vec(&Serde(&station))?;
/// let Serde(back) = json.from_slice::<Serde<Station>>(&bytes)?;
/// assert_eq!(back, station);
/// # Ok::<(), wats_codec::Error>(())
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Serde<T>(pub T);

impl<T: Serialize> Encode for Serde<T> {
    #[inline]
    fn encode<S: Sink>(&self, sink: &mut S) {
        sink.serde(&self.0);
    }
}

impl<T: DeserializeOwned> Decode for Serde<T> {
    #[inline]
    fn decode<'de, S: Source<'de>>(source: &mut S) -> Option<Self> {
        source.serde().map(Self)
    }
}
