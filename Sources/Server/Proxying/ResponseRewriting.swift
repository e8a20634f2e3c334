import Bytes
import Caching
import HTTP

/// Composes the client's response head out of an upstream's, or of a stored one: what is not the client's business stays
/// behind, what names the upstream is rewritten.
public enum ResponseRewriting {
    /// Where a head comes from, as far as this matters to it.
    public enum Source {
        /// Passed on as it comes.
        case upstream
        /// Being stored while it is sent, or stored before: ranges and conditions may be served of it.
        case cache
    }

    /// Composes `context.response` from a head that an upstream sent.
    public static func apply(_ head: ResponseHead, _ context: RequestContext, _ plan: ProxyPlan, source: Source = .upstream) {
        begin(head.status, length: head.contentLength, context, plan, source)
        if !head.isHeadless { context.response.reason.append(head.bytes(head.reasonRange)) }
        let nominates = head.nominatesFields
        var charset: [UInt8] = []
        for index in 0..<head.slots.count {
            let slot = head.slots[index]
            if slot.name.bit & ResponseRewriting.special == 0, !nominates {
                if isHidden(slot, head, plan) { continue }
                context.response.fields.append(slot, of: head.content)
                continue
            }
            if HopByHop.isConnectionSpecific(slot.name) {
                if slot.name == .upgrade { appendUpgrade(head.value(slot), context) }
                continue
            }
            if nominates, isNominated(slot, head) { continue }
            if slot.name.bit & ResponseRewriting.accelerating != 0 {
                accelerate(slot.name, head.value(slot), context, plan, &charset)
            }
            if isHidden(slot, head, plan) { continue }
            if slot.name == .acceptRanges, source == .upstream, !plan.options.forcesRanges {
                // Ranges of what is passed on are the origin's to serve.
                context.response.fields.append(slot, of: head.content)
                continue
            }
            copy(slot.name, head.spelling(slot), head.value(slot), context, plan, source)
        }
        finish(context, plan, charset)
    }

    /// Composes `context.response` from a stored head. `length`: that of the body, when it is known.
    public static func apply(stored head: StoredHead, length: Int?, _ context: RequestContext, _ plan: ProxyPlan) {
        begin(head.status, length: length, context, plan, .cache)
        if let phrase = head.phrase { context.response.reason.append(phrase.bytes) }
        let fields = head.fields
        var charset: [UInt8] = []
        for slot in fields.slots {
            if slot.name.bit & ResponseRewriting.special == 0 {
                if isHidden(slot, fields, plan) { continue }
                context.response.fields.append(slot, of: fields.bytes.span)
                continue
            }
            if HopByHop.isConnectionSpecific(slot.name) { continue }
            if slot.name.bit & ResponseRewriting.accelerating != 0 {
                accelerate(slot.name, fields.value(slot), context, plan, &charset)
            }
            if isHidden(slot, fields, plan) { continue }
            copy(slot.name, fields.spelling(slot), fields.value(slot), context, plan, .cache)
        }
        finish(context, plan, charset)
    }

    private static func isHidden(_ slot: FieldSlot, _ head: ResponseHead, _ plan: ProxyPlan) -> Bool {
        plan.options.hidden.mayContain(slot.name) && plan.options.hidden.contains(slot.name, spelledAs: head.spelling(slot))
    }

    private static func isHidden(_ slot: FieldSlot, _ fields: borrowing Fields, _ plan: ProxyPlan) -> Bool {
        plan.options.hidden.mayContain(slot.name) && plan.options.hidden.contains(slot.name, spelledAs: fields.spelling(slot))
    }

    private static var accelerating: UInt64 {
        FieldName.xAccelLimitRate.bit | FieldName.xAccelBuffering.bit | FieldName.xAccelCharset.bit
    }

    private static func begin(_ status: Int, length: Int?, _ context: RequestContext, _ plan: ProxyPlan, _ source: Source) {
        context.response.reset()
        context.response.status = status
        context.response.contentLength = length
        context.response.isHeadOnly = context.method == .head
        context.response.allowsRanges = plan.options.forcesRanges
        context.response.isConditional = source == .cache
        context.upstream?.isBuffered = plan.options.buffersResponse
    }

    /// RFC 9110 §7.8: Upgrade means something with 101 and 426; elsewhere an offer of the upstream's is none of ours.
    private static func appendUpgrade(_ value: Span<UInt8>, _ context: RequestContext) {
        if context.response.status == 101 || context.response.status == 426 { context.response.fields.append(.upgrade, value) }
    }

    /// The names that are looked at one by one; all others are copied as they are.
    private static var special: UInt64 {
        FieldName.contentLength.bit | FieldName.contentType.bit | FieldName.date.bit | FieldName.server.bit
            | FieldName.etag.bit | FieldName.lastModified.bit | FieldName.acceptRanges.bit | FieldName.location.bit
            | FieldName.refresh.bit | FieldName.expires.bit | FieldName.xAccelLimitRate.bit | FieldName.xAccelBuffering.bit
            | FieldName.xAccelCharset.bit | FieldName.connection.bit | FieldName.keepAlive.bit | FieldName.proxyConnection.bit
            | FieldName.te.bit | FieldName.trailer.bit | FieldName.transferEncoding.bit | FieldName.upgrade.bit
    }

    private static func isNominated(_ slot: FieldSlot, _ head: ResponseHead) -> Bool {
        for line in head.slots where line.name == .connection {
            if HopByHop.isNamed(head.spelling(slot), byConnection: head.value(line)) { return true }
        }
        return false
    }

    // MARK: Fields

    private static func copy(
        _ name: FieldName, _ spelling: Span<UInt8>, _ value: Span<UInt8>, _ context: RequestContext, _ plan: ProxyPlan,
        _ source: Source
    ) {
        switch name {
        case .contentLength: break
        case .contentType:
            if context.response.contentType.isEmpty { context.response.contentType.append(value) }
        case .date:
            if context.response.date.isEmpty { context.response.date.append(value) }
        case .server:
            if context.response.server.isEmpty { context.response.server.append(value) }
        case .etag:
            if context.response.etag.isEmpty { context.response.etag.append(value) }
        case .lastModified:
            guard context.response.lastModifiedText.isEmpty else { break }
            context.response.lastModifiedText.append(value)
        case .acceptRanges: copyAcceptRanges(value, context, plan, source)
        case .location, .refresh: copyAddress(name, value, context, plan)
        case .expires:
            // The first of several counts, as in nginx.
            if !context.response.fields.contains(name) {
                context.response.fields.append(interned: name, spelledAs: spelling, value)
            }
        default:
            context.response.fields.append(interned: name, spelledAs: spelling, value)
        }
    }

    /// Of what is stored, ranges are served here, if the origin serves them; of what is passed on, by the origin.
    private static func copyAcceptRanges(
        _ value: Span<UInt8>, _ context: RequestContext, _ plan: ProxyPlan, _ source: Source
    ) {
        if plan.options.forcesRanges { return }
        if source == .cache, !value.equalsIgnoringCase("none") {
            context.response.allowsRanges = true
        } else {
            context.response.fields.append(.acceptRanges, value)
        }
    }

    private static func copyAddress(_ name: FieldName, _ value: Span<UInt8>, _ context: RequestContext, _ plan: ProxyPlan) {
        if context.response.fields.contains(name) || (name == .location && !context.response.location.isEmpty) { return }
        if plan.options.redirects.isEmpty {
            context.response.fields.append(name, value)
            return
        }
        var rewritten = context.takeScratch()
        if name == .refresh {
            RedirectRewriting.appendRefresh(value, context, plan, to: &rewritten)
            context.response.fields.append(name, rewritten.span)
        } else if RedirectRewriting.rewrite(value, context, plan, to: &rewritten), !rewritten.isEmpty {
            // As nginx: a path that came of rewriting is made absolute, one that the upstream sent stays as it is.
            context.response.location.append(rewritten.span)
        } else {
            context.response.fields.append(name, value)
        }
        context.giveScratch(&rewritten)
    }

    // MARK: X-Accel-*

    /// What the upstream asks of the front itself, unless the location ignores it.
    private static func accelerate(
        _ name: FieldName, _ value: Span<UInt8>, _ context: RequestContext, _ plan: ProxyPlan, _ charset: inout [UInt8]
    ) {
        let ignored = plan.options.ignored
        switch name {
        case .xAccelLimitRate:
            if !ignored.contains(.xAccelLimitRate), let rate = value.decimal() { context.limitRate = rate }
        case .xAccelBuffering:
            guard !ignored.contains(.xAccelBuffering), let state = context.upstream else { return }
            if value.equalsIgnoringCase("no") { state.isBuffered = false }
            if value.equalsIgnoringCase("yes") { state.isBuffered = true }
        case .xAccelCharset:
            if !ignored.contains(.xAccelCharset), !value.equalsIgnoringCase("off") { charset.append(value) }
        default: break
        }
    }

    private static func finish(_ context: RequestContext, _ plan: ProxyPlan, _ charset: [UInt8]) {
        context.response.omitsDate = !plan.options.hidden.contains(.date)
        context.response.omitsServer = !plan.options.hidden.contains(.server)
        guard !charset.isEmpty else { return }
        // X-Accel-Charset says what the type does not.
        if !context.response.contentType.isEmpty, !hasCharset(context.response.contentType) {
            context.response.contentType.append(literal: "; charset=")
            context.response.contentType.append(charset.span)
        }
    }

    private static func hasCharset(_ type: borrowing ByteString) -> Bool {
        let name: StaticString = "charset="
        var wanted: [UInt8] = []
        wanted.append(literal: name)
        return type.span.contains(wanted.span, ignoringCase: true)
    }
}
