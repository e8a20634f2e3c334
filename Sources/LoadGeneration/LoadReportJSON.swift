import Observability

extension LoadReport {
    /// The report for programs. Durations are in milliseconds; `trustworthy` is false when the tool itself was too slow.
    public func json() -> String {
        let apdex = statistics.apdex
        let members: [(String, JSONValue)] = [
            ("target", .string(plan.address.description)),
            ("mode", .string(plan.pace == .closed ? "closed" : "open")),
            ("rate", rateValue),
            ("clients", .integer(plan.clients)),
            ("loops", .integer(plan.loops)),
            ("seconds", .number(seconds)),
            ("answered", .integer(statistics.unitsAnswered)),
            ("answered_per_second", .number(unitsPerSecond)),
            ("failed", .integer(statistics.unitsFailed)),
            ("requests", .integer(statistics.requestsAnswered)),
            ("requests_per_second", .number(requestsPerSecond)),
            ("queued", .integer(statistics.unitsQueued)),
            ("resends", .integer(statistics.resends)),
            ("connections_opened", .integer(statistics.connectionsOpened)),
            ("bytes_received", .integer(statistics.bytesReceived)),
            ("bytes_sent", .integer(statistics.bytesSent)),
            ("status", .object((1...5).map { ("\($0)xx", .integer(statistics.statusClasses[$0])) })),
            ("errors", .object(LoadFailure.allCases.map { (jsonName($0), .integer(statistics.failures[$0.rawValue])) })),
            ("cache", .object(CacheVerdict.allCases.map { ($0.name, .integer(statistics.cache[$0.rawValue])) })),
            ("hit_ratio", hitRatio.map(JSONValue.number) ?? .null),
            (
                "apdex",
                .object([
                    ("threshold", LoadReport.milliseconds(plan.apdexThreshold)),
                    ("score", apdex.score.map(JSONValue.number) ?? .null),
                    ("satisfied", .integer(apdex.satisfied)), ("tolerating", .integer(apdex.tolerating)),
                    ("frustrated", .integer(apdex.frustrated)),
                ])
            ),
            ("latency", LoadReport.summary(statistics.latency)),
            ("latency_from_actual_start", LoadReport.summary(statistics.service)),
            ("single_requests", LoadReport.summary(statistics.requests)),
            ("lag", LoadReport.summary(statistics.lag)),
            ("processor", .array(loops.map { .number($0.share) })),
            ("waited_for_processor", .array(loops.map { .number($0.waitingShare) })),
            ("trustworthy", .bool(doubts.isEmpty)),
            ("warnings", .array(doubts.map(JSONValue.string))),
            ("notes", .array(remarks.map(JSONValue.string))),
        ]
        return JSONValue.object(members).text() + "\n"
    }

    private var rateValue: JSONValue {
        if case .open(let rate) = plan.pace { return .number(rate) }
        return .null
    }

    private func jsonName(_ failure: LoadFailure) -> String {
        failure == .neverStarted ? "never_started" : failure.name
    }

    private static func milliseconds(_ nanoseconds: Int) -> JSONValue { .number(Double(nanoseconds) / 1e6) }

    private static func summary(_ histogram: Histogram) -> JSONValue {
        guard !histogram.isEmpty else { return .null }
        return .object(
            percentiles.map { ($0.name, milliseconds(histogram.percentile($0.percent))) } + [
                ("max", milliseconds(histogram.maximum)), ("min", milliseconds(histogram.minimum)),
                ("mean", .number(histogram.mean / 1e6)), ("count", .integer(histogram.count)),
            ])
    }
}
