/// Finds the name that was probably meant.
enum EditDistance {
    /// Names longer than this are nobody's slip of the pen.
    private static let longest = 64

    /// The candidate with the fewest slips (a letter missing, added, wrong, or two swapped), if they are few.
    static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
        let wrong = Array(name.utf8)
        guard !wrong.isEmpty, wrong.count <= longest else { return nil }
        var best: (distance: Int, name: String)?
        for candidate in candidates {
            let right = Array(candidate.utf8)
            let limit = min(3, max(1, min(wrong.count, right.count) / 3))
            guard right.count <= longest, abs(right.count - wrong.count) <= limit else { continue }
            let distance = between(wrong, right)
            guard distance <= limit else { continue }
            if let found = best, (found.distance, found.name) <= (distance, candidate) { continue }
            best = (distance, candidate)
        }
        return best?.name
    }

    /// Optimal string alignment distance, three rows at a time.
    static func between(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in 0..<a.count {
            var row = [i + 1]
            row.reserveCapacity(b.count + 1)
            for j in 0..<b.count {
                var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
                row.append(cost)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
