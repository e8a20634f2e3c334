import Bytes
import HTTP
import Server

/// `proxy_cache` with variables: the plans that its value may name, by the names of their caches.
struct CacheChoice: Sendable {
    let name: Template
    let plans: [[UInt8]: ProxyPlan]

    /// No value and "off" are no cache. Errors: 500 for one that nobody has defined.
    func plan(_ context: RequestContext, orElse uncached: ProxyPlan) throws(RequestFailure) -> ProxyPlan {
        let value = name.value(context)
        if value.isEmpty || value == Array("off".utf8) { return uncached }
        guard let plan = plans[value] else { throw RequestFailure(500, "proxy_cache: its variables name no cache") }
        return plan
    }
}

/// The content handler of a proxied location: called at first, and again with each outcome of what it waited for.
struct ProxyHandler: Sendable {
    let plan: ProxyPlan
    /// Which cache, where variables say so.
    let choice: CacheChoice?
    let prefix: String

    func answer(_ context: RequestContext) throws(RequestFailure) -> Verdict {
        switch context.outcome {
        case .none: return try begin(context)
        case .done: return try ask(context)
        case .head: return headArrived(context)
        case .stored:
            context.outcome = .none
            return intercepts(context.response.status, context)
                ? .respond(.status(context.response.status)) : .respond(.composed)
        case .follow(let follower):
            context.outcome = .none
            guard intercepts(context.response.status, context) else { return .respond(.follow(follower)) }
            follower.leave()
            return .respond(.status(context.response.status))
        case .failed(let status):
            context.outcome = .none
            if status == 499 { return .close }
            return .respond(.status(status))
        }
    }

    private func begin(_ context: RequestContext) throws(RequestFailure) -> Verdict {
        if context.method == .trace || context.method == .connect { throw RequestFailure(405, "the method is not passed on") }
        if context.body.isSpent, context.methodOverride == nil {
            // What is left of it would be taken for the whole, or leave the upstream waiting for the rest.
            throw RequestFailure(502, "the request body has been passed on as it came and cannot be sent again")
        }
        // HTTP/1.0 has no chunks: the length has to be known.
        let needsLength = plan.options.httpVersion == .http10 && context.body.announcedLength == nil
        if plan.options.buffersRequest || needsLength || context.methodOverride != nil {
            context.body.buffer(context.plan, prefix: prefix)
        } else {
            context.body.stream(context.plan, prefix: prefix)
        }
        if context.body.mode == .buffering, !context.body.isWhole { return .wait(.body) }
        return try ask(context)
    }

    private func ask(_ context: RequestContext) throws(RequestFailure) -> Verdict {
        try plan.resolve(context)
        let plan = try choice?.plan(context, orElse: plan) ?? plan
        if plan.options.cache != nil {
            guard CachedExchange.serveHot(plan, context) else { return .wait(.cached(plan)) }
            return composed(context)
        }
        return .wait(.upstream(plan))
    }

    /// A stored response is in place.
    private func composed(_ context: RequestContext) -> Verdict {
        intercepts(context.response.status, context) ? .respond(.status(context.response.status)) : .respond(.composed)
    }

    /// The head decides: an error page, elsewhere in the server, or on to the client; in nginx's order.
    private func headArrived(_ context: RequestContext) -> Verdict {
        context.outcome = .none
        guard let head = context.upstream?.head else { return .respond(.status(502)) }
        if intercepts(head.status, context) {
            if head.status == 401 { keepChallenges(head, context) }
            return .respond(.status(head.status))
        }
        if !plan.options.ignored.contains(.xAccelRedirect), let slot = head.first(.xAccelRedirect) {
            return redirect(head.value(slot), head, context)
        }
        ResponseRewriting.apply(head, context, plan)
        return .respond(.pass)
    }

    /// `proxy_intercept_errors`: whether an error page of ours stands in for the upstream's answer.
    private func intercepts(_ status: Int, _ context: RequestContext) -> Bool {
        guard plan.options.interceptsErrors, status >= 300, !context.errorPagesAreOver else { return false }
        return context.plan.core.errorPages.contains { $0.statuses.contains(status) }
    }

    /// A 401 without its challenges would be no 401 (RFC 9110 §15.5.2).
    private func keepChallenges(_ head: ResponseHead, _ context: RequestContext) {
        for slot in head.slots where slot.name == .wwwAuthenticate {
            context.carriedFields.append(interned: slot.name, spelledAs: head.spelling(slot), head.value(slot))
        }
    }

    /// X-Accel-Redirect: the app names a file or a location of ours; some of its fields go along, as in nginx.
    private func redirect(_ value: Span<UInt8>, _ head: ResponseHead, _ context: RequestContext) -> Verdict {
        let target = value.array
        keepFields(head, context)
        if target.first == UInt8(ascii: "@") {
            guard let plan = context.server.namedLocations[String(decoding: target.dropFirst(), as: UTF8.self)] else {
                RequestLog.write(context, .error, "X-Accel-Redirect names a location that is not there")
                return .respond(.status(500))
            }
            return .redirect(.named(plan))
        }
        if context.method != .head { context.methodOverride = .get }
        var path: [UInt8] = []
        var query: Range<Int>?
        guard PercentCoding.internalTarget(target.span, path: &path, query: &query) else { return .respond(.status(404)) }
        return .redirect(.uri(path: path, query: query.map { Array(target[$0]) }))
    }

    /// What nginx keeps of the app's response: its type, cookies, disposition, lifetime; and how fast the answer goes out.
    private func keepFields(_ head: ResponseHead, _ context: RequestContext) {
        for slot in head.slots {
            switch slot.name {
            case .setCookie, .cacheControl, .expires:
                context.carriedFields.append(interned: slot.name, spelledAs: head.spelling(slot), head.value(slot))
            case .contentType: context.carriedType = head.value(slot).array
            case .xAccelLimitRate:
                if !plan.options.ignored.contains(.xAccelLimitRate), let rate = head.value(slot).decimal() {
                    context.limitRate = rate
                }
            case .other where head.spelling(slot).equalsIgnoringCase("content-disposition"):
                context.carriedFields.append(interned: slot.name, spelledAs: head.spelling(slot), head.value(slot))
            default: break
            }
        }
    }
}
