import Bytes
import Configuration
import HTTP
import Platform
import Server

/// What `expires` says, as written.
public struct ExpiresSyntax: Sendable {
    let isModified: Bool
    let value: TemplateSyntax
    let location: SourceLocation

    init(_ statement: Statement) throws(Diagnostic) {
        location = statement.location
        if statement.arguments.count == 2 {
            guard statement.arguments[0].text == "modified" else { throw statement.arguments[0].invalid(expected: "modified") }
            isModified = true
        } else {
            isModified = false
        }
        let last = statement.arguments[statement.arguments.count - 1]
        value = try last.template()
        if let constant = value.constant, ExpiresRule(constant, isModified: isModified) == nil {
            throw last.invalid(expected: "a time, @time of day, epoch, max or off")
        }
    }
}

/// One rule of `expires`.
enum ExpiresRule: Sendable, Equatable {
    case off, epoch, max
    /// Seconds from now.
    case afterAccess(Int64)
    /// Seconds from Last-Modified.
    case afterModification(Int64)
    /// Seconds after local midnight.
    case daily(Int64)

    /// nil: not a rule. Behind `modified` only a time is one, as in nginx.
    init?(_ text: String, isModified: Bool) {
        switch text {
        case "off" where !isModified: self = .off
        case "epoch" where !isModified: self = .epoch
        case "max" where !isModified: self = .max
        default:
            if text.hasPrefix("@") {
                guard !isModified, let seconds = ArgumentTypes.seconds(String(text.dropFirst())), seconds <= 86400 else {
                    return nil
                }
                self = .daily(seconds)
                return
            }
            let isNegative = text.hasPrefix("-")
            let digits = isNegative || text.hasPrefix("+") ? String(text.dropFirst()) : text
            guard let seconds = ArgumentTypes.seconds(digits) else { return nil }
            let signed = isNegative ? -seconds : seconds
            self = isModified ? .afterModification(signed) : .afterAccess(signed)
        }
    }
}

/// The header filter of `expires`.
struct Expires: Sendable {
    private let rule: ExpiresRule?
    private let template: Template
    private let isModified: Bool

    /// nil: off.
    init?(_ syntax: ExpiresSyntax, _ plan: LocationPlanBuilder) throws(Diagnostic) {
        isModified = syntax.isModified
        template = try plan.compile(syntax.value, at: syntax.location)
        rule = syntax.value.constant.flatMap { ExpiresRule($0, isModified: syntax.isModified) }
        if rule == .off { return nil }
    }

    var dependsOnRequest: Bool { template.dependsOnRequest }

    func apply(_ context: RequestContext) {
        guard AddedHeaders.isUsual(context.response.status) else { return }
        var rule = self.rule
        if rule == nil {
            rule = ExpiresRule(String(decoding: template.value(context), as: UTF8.self), isModified: isModified)
        }
        guard let rule, rule != .off else { return }
        context.response.fields.remove(.expires)
        context.response.fields.remove(.cacheControl)
        let now = context.serving.loop.wallNow / 1000
        switch rule {
        case .off: break
        case .epoch:
            context.response.fields.append(.expires, literal: "Thu, 01 Jan 1970 00:00:01 GMT")
            context.response.fields.append(.cacheControl, literal: "no-cache")
        case .max:
            context.response.fields.append(.expires, literal: "Thu, 31 Dec 2037 23:55:55 GMT")
            context.response.fields.append(.cacheControl, literal: "max-age=315360000")
        case .afterAccess(let seconds): add(now &+ seconds, seconds, context)
        case .afterModification(let seconds):
            // No time at all is the moment itself, as in nginx; less than none is never fresh.
            let modified = seconds == 0 ? now : context.response.modificationTime ?? now
            add(modified &+ seconds, seconds < 0 ? -1 : modified &+ seconds &- now, context)
        case .daily(let seconds): addDaily(seconds, now, context)
        }
    }

    private func addDaily(_ seconds: Int64, _ now: Int64, _ context: RequestContext) {
        let offset = Int64(Clock.utcOffset(at: now))
        let midnight = (now + offset) / 86400 * 86400 - offset
        var moment = midnight + seconds
        if moment <= now { moment += 86400 }
        add(moment, moment - now, context)
    }

    private func add(_ moment: Int64, _ age: Int64, _ context: RequestContext) {
        var text: [UInt8] = []
        HTTPDate.append(Swift.max(moment, 0), to: &text)
        context.response.fields.append(.expires, text.span)
        var control: [UInt8] = []
        if age < 0 {
            control.append(literal: "no-cache")
        } else {
            control.append(literal: "max-age=")
            control.append(decimal: Int(age))
        }
        context.response.fields.append(.cacheControl, control.span)
    }
}
