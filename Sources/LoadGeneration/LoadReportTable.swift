import Observability

extension LoadReport {
    /// The report for people: one figure a line.
    public func table() -> String {
        var lines: [String] = []
        func line(_ name: String, _ value: String) {
            lines.append("  " + name + String(repeating: " ", count: max(1, 18 - name.count)) + value)
        }
        lines.append(headline)
        line(
            "answered",
            "\(Figures.count(statistics.unitsAnswered)) in \(Figures.decimal(seconds, places: 2)) s"
                + ", \(Figures.decimal(unitsPerSecond, places: 1)) per second")
        if plan.workload.units.contains(where: \.isView) {
            line(
                "requests",
                "\(Figures.count(statistics.requestsAnswered)), \(Figures.decimal(requestsPerSecond, places: 1)) per second")
        }
        line("failed", failureText)
        line("status", statusText)
        line("received", byteText(statistics.bytesReceived))
        line("sent", byteText(statistics.bytesSent))
        line("connections", Figures.count(statistics.connectionsOpened) + " opened")
        if let hitRatio { line("cache", "\(Figures.percent(hitRatio)) hits (\(cacheText))") }
        if let score = statistics.apdex.score {
            line(
                "Apdex",
                "\(Figures.decimal(score, places: 3)) (T = \(Figures.duration(plan.apdexThreshold)): "
                    + "\(Figures.count(statistics.apdex.satisfied)) satisfied, \(Figures.count(statistics.apdex.tolerating)) tolerating, "
                    + "\(Figures.count(statistics.apdex.frustrated)) frustrated)")
        }
        line("own processor", loops.map(LoadReport.processorText).joined(separator: ", "))
        lines.append("")
        lines += LoadReport.latencyTable(columns)
        for remark in remarks { lines.append("note: " + remark) }
        for doubt in doubts { lines.append("WARNING: " + doubt) }
        return lines.joined(separator: "\n") + "\n"
    }

    private var headline: String {
        let pace =
            switch plan.pace {
            case .closed: "closed loop"
            case .open(let rate): "open loop, \(Figures.decimal(rate, places: rate == rate.rounded() ? 0 : 2)) per second"
            }
        return "\(pace), \(plan.clients) clients on \(plan.loops) \(plan.loops == 1 ? "loop" : "loops"), \(plan.address)"
    }

    /// In an open loop latency from the intended start stands beside that from the actual one: where they part, requests
    /// have queued for a client.
    private var columns: [(name: String, histogram: Histogram)] {
        var columns: [(name: String, histogram: Histogram)] = [("latency", statistics.latency)]
        if case .open = plan.pace {
            columns = [("from intended start", statistics.latency), ("from actual start", statistics.service)]
        }
        if plan.workload.units.contains(where: \.isView) { columns.append(("single request", statistics.requests)) }
        if case .open = plan.pace { columns.append(("own lag", statistics.lag)) }
        return columns
    }

    private static func latencyTable(_ columns: [(name: String, histogram: Histogram)]) -> [String] {
        func right(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
        func row(_ name: String, _ value: (Histogram) -> Int) -> String {
            columns.reduce("  " + name + String(repeating: " ", count: 8 - name.count)) {
                $0 + right(Figures.duration(value($1.histogram)), max($1.name.count, 10) + 3)
            }
        }
        let title = columns.reduce("          ") { $0 + right($1.name, max($1.name.count, 10) + 3) }
        return [title] + LoadReport.percentiles.map { name, percent in row(name, { $0.percentile(percent) }) } + [
            row("max", { $0.maximum }), row("mean", { Int($0.mean) }),
        ]
    }

    static let percentiles: [(name: String, percent: Double)] = [("p50", 50), ("p90", 90), ("p99", 99), ("p99.9", 99.9)]

    private static func processorText(_ usage: LoopUsage) -> String {
        let waited = usage.waitingShare >= 0.01 ? " (waited \(Figures.percent(usage.waitingShare)))" : ""
        return Figures.percent(usage.share) + waited
    }

    private var failureText: String {
        guard statistics.unitsFailed > 0 || statistics.failures.contains(where: { $0 > 0 }) else { return "0" }
        let kinds = LoadFailure.allCases.filter { statistics.failures[$0.rawValue] > 0 }
        let parts = kinds.map { "\($0.name) \(Figures.count(statistics.failures[$0.rawValue]))" }
        return Figures.count(statistics.unitsFailed) + " (" + parts.joined(separator: ", ") + ")"
    }

    private var statusText: String {
        let parts = (1...5).filter { statistics.statusClasses[$0] > 0 }.map {
            "\($0)xx \(Figures.count(statistics.statusClasses[$0]))"
        }
        return parts.isEmpty ? "-" : parts.joined(separator: ", ")
    }

    private var cacheText: String {
        let kinds = CacheVerdict.allCases.filter { statistics.cache[$0.rawValue] > 0 }
        return kinds.map { "\($0.name) \(Figures.count(statistics.cache[$0.rawValue]))" }.joined(separator: ", ")
    }

    private func byteText(_ count: Int) -> String {
        Figures.bytes(Double(count)) + (elapsed > 0 ? ", \(Figures.bytes(Double(count) / seconds)) per second" : "")
    }
}
