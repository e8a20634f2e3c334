import Bytes

/// `limit_rate` and `limit_rate_after`: how many bytes of body may go out now.
enum Pacing {
    /// Whether the response is slowed down at all.
    static func applies(_ context: RequestContext) -> Bool { rate(context) > 0 }

    /// Bytes per second; 0: no limit.
    private static func rate(_ context: RequestContext) -> Int {
        if let rate = context.limitRate { return rate }
        guard let template = context.plan.core.limitRate else { return 0 }
        let rate = size(template, context)
        context.limitRate = rate
        return rate
    }

    private static func size(_ template: Template, _ context: RequestContext) -> Int {
        var value = context.takeScratch()
        template.append(to: &value, context)
        let size = SizeText.parse(value.span) ?? 0
        context.giveScratch(&value)
        return size
    }

    private static func free(_ context: RequestContext) -> Int {
        context.plan.core.limitRateAfter.map { size($0, context) } ?? 0
    }

    /// Bytes that may be sent now; `since` is set at the first call.
    static func allowance(_ context: RequestContext, sent: Int, since: inout Int64) -> Int {
        let rate = rate(context)
        if rate <= 0 { return .max }
        let now = context.serving.loop.now
        if since < 0 { since = now }
        let elapsed = Int(clamping: now - since + 1000)
        // One second's worth is free at once, as in nginx.
        let (product, overflow) = rate.multipliedReportingOverflow(by: elapsed)
        if overflow { return .max }
        let allowed = free(context) &+ product / 1000
        return max(0, allowed - sent)
    }

    /// Milliseconds until something may be sent again.
    static func delay(_ context: RequestContext, sent: Int, since: Int64) -> Int64 {
        let rate = max(rate(context), 1)
        let over = max(sent - free(context), 0)
        let due = since + Int64(over) * 1000 / Int64(rate) - 1000
        return max(10, due - context.serving.loop.now + 50)
    }
}

/// Sizes as the configuration writes them (`10k`, `1m`), in values that are known only when a request comes.
enum SizeText {
    static func parse(_ text: Span<UInt8>) -> Int? {
        guard text.count > 0 else { return nil }
        let unit: Int
        switch ASCII.lowercased(text[text.count - 1]) {
        case UInt8(ascii: "k"): unit = 1024
        case UInt8(ascii: "m"): unit = 1 << 20
        case UInt8(ascii: "g"): unit = 1 << 30
        default: return text.decimal()
        }
        guard let number = text.extracting(first: text.count - 1).decimal() else { return nil }
        let (value, overflow) = number.multipliedReportingOverflow(by: unit)
        return overflow ? nil : value
    }
}
