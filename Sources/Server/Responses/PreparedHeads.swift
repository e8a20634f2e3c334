import HTTP

/// When a head that was made for an earlier request may be sent again, and when one may be kept (`PreparedHead`).
///
/// Only for the plain case: a GET by HTTP/1.1 without conditions and ranges, on a connection that stays, whose answer no filter
/// changes because of the request.
extension RequestContext {
    /// Puts the prepared head into the response, if there is one that fits; the caller only adds the content then. Otherwise
    /// the caller composes the response and calls `keepHead(in:)`.
    public func usesHead(of prepared: PreparedHead) -> Bool {
        guard isPlain, prepared.isFor(plan: planKey, second: currentSecond) else { return false }
        response.status = 200
        response.prepared = prepared
        response.isPrepared = true
        return true
    }

    /// Has the head of the composed response kept for the next request.
    public func keepHead(in prepared: PreparedHead) {
        if isPlain, response.status == 200 { response.prepared = prepared }
    }

    /// The drain has written the head.
    func keepPreparedHead(_ head: Span<UInt8>) {
        guard let prepared = response.prepared, isPlain, response.status == 200, response.bodyFilters.isEmpty else { return }
        for filter in plan.headerFilters where filter.varies(self) { return }
        prepared.keep(head, plan: planKey, second: currentSecond)
    }

    private var currentSecond: Int { Int(serving.loop.wallNow / 1000) }

    /// Numbers of plans begin anew with each configuration.
    private var planKey: Int { site.generation << 32 | plan.number }

    private var isPlain: Bool {
        guard head.method == .get, head.version == .http11, head.keepsAlive,
            head.scan.seen.bits & Preconditions.fieldsWithRanges == 0,
            methodOverride == nil, errorStatus == 0, overridingStatus == 0, site.preparesHeads
        else { return false }
        return carriedFields.isEmpty && carriedType.isEmpty && carriedLocation.isEmpty && !endsConnection
    }
}
