//! Downsampling of long lines.

/// Returns the indices of the `keep` points that best preserve the shape of a line (Largest-Triangle-Three-Buckets).
///
/// Returns all indices if there are at most `keep` points, or if `keep` is below 3.
///
/// Source: Sveinn Steinarsson, *Downsampling Time Series for Visual Representation*, University of Iceland, 2013.
pub fn lttb(points: &[(f64, f64)], keep: usize) -> Vec<usize> {
    if points.len() <= keep || keep < 3 {
        return (0..points.len()).collect();
    }
    let mut kept = vec![0];
    let last = points.len() - 1;
    // The first and the last point are kept. The others are divided into buckets, and one point of each is kept.
    let edge = |bucket: usize| 1 + bucket * (last - 1) / (keep - 2);
    for bucket in 0..keep - 2 {
        let (from, to) = (edge(bucket), edge(bucket + 1));
        let following = if bucket + 3 == keep {
            &points[last..]
        } else {
            &points[to..edge(bucket + 2)]
        };
        let count = following.len().max(1) as f64;
        let middle = (
            following.iter().map(|point| point.0).sum::<f64>() / count,
            following.iter().map(|point| point.1).sum::<f64>() / count,
        );
        let before = points[kept[kept.len() - 1]];
        // Twice the area of the triangle of the last kept point, a candidate and the mean of the following bucket.
        let area = |point: (f64, f64)| {
            ((before.0 - middle.0) * (point.1 - before.1) - (before.0 - point.0) * (middle.1 - before.1))
                .abs()
        };
        let best = (from..to).max_by(|&a, &b| area(points[a]).total_cmp(&area(points[b])));
        kept.extend(best);
    }
    kept.push(last);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_survives() {
        let points: Vec<_> = (0..10_000)
            .map(|i| (f64::from(i), if i == 7_777 { 100.0 } else { 1.0 }))
            .collect();
        let kept = lttb(&points, 500);
        assert_eq!((kept.len(), kept[0], kept[499]), (500, 0, 9_999));
        assert!(kept.contains(&7_777));
        assert!(kept.is_sorted());
    }

    #[test]
    fn short_lines_stay_whole() {
        assert_eq!(lttb(&[(0.0, 0.0), (1.0, 1.0)], 500), [0, 1]);
    }
}
