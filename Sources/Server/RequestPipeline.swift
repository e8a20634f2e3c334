import Bytes
import HTTP

/// Runs a request through its phases: the server's rewrite phase, the search for a location, the location's phases, and, when
/// an answer of the server's own is due, `error_page`.
public enum RequestPipeline {
    /// What the pipeline came to.
    public enum Step {
        /// `.composed`, `.pass` or `.follow`: never `.status`, which has become a composed page here.
        case respond(Response)
        case wait(Need)
        case close
    }

    /// Internal redirects of one request, as nginx bounds them.
    private static let redirectLimit = 10

    /// Begins a request whose head has been decoded.
    public static func begin(_ context: RequestContext, _ hosts: VirtualHosts) -> Step {
        swap(&context.path, &context.head.path)
        do throws(RequestFailure) {
            try hosts.choose(for: context)
        } catch {
            context.server = hosts.defaultServer
            context.plan = context.server.fallback
            return fail(context, error)
        }
        context.plan = context.server.fallback
        if context.connection.security != .plain, let refusal = SecurityDemands.refusal(of: context, hosts) {
            context.isInServerPhase = false
            context.position = context.plan.handlers.count
            return answer(context, .status(refusal)) ?? advance(context)
        }
        if context.head.method == .trace || context.head.method == .connect {
            // As nginx: before any location is looked for.
            context.isInServerPhase = false
            context.position = context.plan.handlers.count
            context.head.keepsAlive = false
            return fail(context, RequestFailure(405, "TRACE and CONNECT are not served"))
        }
        context.isInServerPhase = true
        return advance(context)
    }

    /// Answers a head that could not be decoded.
    public static func refuse(_ context: RequestContext, _ hosts: VirtualHosts, _ failure: RequestFailure) -> Step {
        context.server = hosts.defaultServer
        context.plan = context.server.fallback
        context.isInServerPhase = false
        context.position = context.plan.handlers.count
        return fail(context, failure)
    }

    /// Answers in place of a response, with a failure that was found while it was on its way: a body with broken framing.
    public static func reject(_ context: RequestContext, _ failure: RequestFailure) -> Step {
        context.response.reset()
        return fail(context, failure)
    }

    /// Goes on where a header filter has refused the response (`context.filterRefusal`).
    public static func refusedByFilter(_ context: RequestContext) -> Step {
        let status = context.filterRefusal
        context.filterRefusal = 0
        if let step = answer(context, .status(status)) { return step }
        return advance(context)
    }

    /// Goes on from the handler that decides next (after a wait: the one that asked for it).
    public static func advance(_ context: RequestContext) -> Step {
        while true {
            let verdict: Verdict
            do throws(RequestFailure) {
                verdict = try nextVerdict(context)
            } catch {
                RequestLog.failure(context, error)
                if let step = answer(context, .status(error.status)) { return step }
                continue
            }
            switch verdict {
            case .next: context.position += 1
            case .respond(let response):
                if let step = answer(context, response) { return step }
            case .redirect(let target):
                if let step = redirect(context, to: target) { return step }
            case .wait(let need): return .wait(need)
            case .close: return .close
            }
        }
    }

    private static func nextVerdict(_ context: RequestContext) throws(RequestFailure) -> Verdict {
        if context.isInServerPhase {
            let handlers = context.server.handlers
            if context.position < handlers.count { return try handlers[context.position].call(context) }
            return try enterLocation(context)
        }
        let handlers = context.plan.handlers
        if context.position < handlers.count { return try handlers[context.position].call(context) }
        return .respond(.status(404))
    }

    /// Looks for the location of the path and begins its phases.
    private static func enterLocation(_ context: RequestContext) throws(RequestFailure) -> Verdict {
        context.isInServerPhase = false
        switch try context.server.locations.find(context) {
        case .plan(let plan):
            context.plan = plan
            return try enter(context)
        case .redirectToSlash(let plan):
            context.plan = plan
            context.position = 0
            let path = context.path
            PercentCoding.encode(path.span, for: .path, to: &context.response.location)
            context.response.location.append(UInt8(ascii: "/"))
            if context.hasQuery {
                context.response.location.append(UInt8(ascii: "?"))
                context.appendQuery(to: &context.response.location)
            }
            return .respond(.status(301))
        case .nothing:
            context.plan = context.server.fallback
            return try enter(context)
        }
    }

    /// Begins the phases of `context.plan`.
    private static func enter(_ context: RequestContext) throws(RequestFailure) -> Verdict {
        // `.next` moves on by one.
        context.position = -1
        if context.plan.core.isInternal && !context.isInternal { throw RequestFailure(404, "the location is internal") }
        if let limit = context.plan.exceptMethods, !limit.methods.contains(context.method, context.head) {
            context.plan = limit.others
        }
        let bound = context.plan.core.clientMaxBodySize
        if bound > 0, let length = context.head.contentLength, length > bound, context.errorStatus == 0 {
            throw RequestFailure(413, "client intended to send too large body (Content-Length above client_max_body_size)")
        }
        return .next
    }

    /// Goes on inside the server, at another path or a named location.
    private static func redirect(_ context: RequestContext, to target: InternalRedirect) -> Step? {
        context.redirectCount += 1
        if context.redirectCount > redirectLimit {
            let cycle: StaticString =
                "rewrite or internal redirection cycle: more than 10 by error_page, try_files, index or X-Accel-Redirect"
            RequestLog.failure(context, RequestFailure(500, cycle))
            context.errorStatus = 500
            return compose(context, 500)
        }
        context.isInternal = true
        context.appendsPathToAlias = false
        context.upstreamRedirected()
        switch target {
        case .uri(let path, let query):
            context.path = path
            context.query = query ?? []
            context.isInServerPhase = true
            context.position = 0
            context.plan = context.server.fallback
            return nil
        case .named(let plan):
            context.isInServerPhase = false
            context.plan = plan
            context.position = 0
            return nil
        }
    }

    // MARK: Answers

    private static func fail(_ context: RequestContext, _ failure: RequestFailure) -> Step {
        RequestLog.failure(context, failure)
        if let step = answer(context, .status(failure.status)) { return step }
        return advance(context)
    }

    /// nil: an error page leads elsewhere.
    private static func answer(_ context: RequestContext, _ response: Response) -> Step? {
        guard case .status(let status) = response else {
            settleStatus(context)
            return .respond(response)
        }
        // In the head, where nothing that composes a response can take it back.
        if ErrorResponse.endsConnection(status) { context.head.keepsAlive = false }
        if status == 444 || status == 499 { return .close }
        if let page = errorPage(context, for: status) {
            return lead(context, to: page, for: status)
        }
        return compose(context, status)
    }

    /// A page of the server's own tells its own status, also where it comes in place of an error page.
    private static func compose(_ context: RequestContext, _ status: Int) -> Step {
        ErrorResponse.compose(context, status)
        context.overridingStatus = 0
        context.keepsErrorStatus = false
        return .respond(.composed)
    }

    /// The status that an error page stands in for is kept, unless `=` says otherwise; whatever the page's own is.
    private static func settleStatus(_ context: RequestContext) {
        let kept = context.keepsErrorStatus ? context.errorStatus : 0
        let status = context.overridingStatus != 0 ? context.overridingStatus : kept
        if status == 0 || context.response.status == 101 { return }
        context.response.status = status
        context.response.reason.clear()
    }

    static func errorPage(_ context: RequestContext, for status: Int) -> ErrorPage? {
        let core = context.plan.core
        if core.errorPages.isEmpty || context.errorPagesAreOver { return nil }
        for page in core.errorPages where page.statuses.contains(status) { return page }
        return nil
    }

    private static func lead(_ context: RequestContext, to page: ErrorPage, for status: Int) -> Step? {
        context.errorStatus = ErrorResponse.visible(status)
        context.overridingStatus = 0
        // The location that is left decides, as in nginx, not the one that is reached.
        if !context.plan.core.recursiveErrorPages { context.errorPagesAreOver = true }
        switch page.override {
        case .keep: context.keepsErrorStatus = true
        case .target: context.keepsErrorStatus = false
        case .status(let code):
            context.keepsErrorStatus = false
            context.overridingStatus = code
        }
        if status == 413 || context.body.failure != nil { context.body.drop() }
        switch page.target {
        case .named(let name): return lead(context, toNamed: name)
        case .uri(let template):
            let value = template.value(context)
            if value.first == UInt8(ascii: "@") {
                return lead(context, toNamed: String(decoding: value.dropFirst(), as: UTF8.self))
            }
            if value.first != UInt8(ascii: "/") { return redirectOutside(context, value) }
            leave(context)
            if context.method != .head { context.methodOverride = .get }
            let mark = value.firstIndex(of: UInt8(ascii: "?"))
            let path = mark.map { Array(value[..<$0]) } ?? value
            return redirect(context, to: .uri(path: path, query: mark.map { Array(value[($0 + 1)...]) }))
        }
    }

    private static func lead(_ context: RequestContext, toNamed name: String) -> Step? {
        guard let plan = context.server.namedLocations[name] else {
            let bytes = Array("@\(name)".utf8)
            RequestLog.file(context, .error, "could not find named location ", bytes.span, " of error_page", nil)
            return compose(context, 500)
        }
        leave(context)
        return redirect(context, to: .named(plan))
    }

    /// Leaves a response behind; where it redirects to stays with the page that stands in for it, as in nginx.
    private static func leave(_ context: RequestContext) {
        if !context.response.location.isEmpty { swap(&context.carriedLocation, &context.response.location) }
        let closes = context.response.closesConnection
        context.response.reset()
        context.response.closesConnection = closes
    }

    /// `error_page 404 https://example.com/`: the client is sent there.
    private static func redirectOutside(_ context: RequestContext, _ location: [UInt8]) -> Step {
        let given = context.overridingStatus
        let status = [301, 302, 303, 307, 308].contains(given) ? given : 302
        context.response.location.set(location.span)
        return compose(context, status)
    }
}
