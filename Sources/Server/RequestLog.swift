import Bytes
import HTTP
import Observability
import Platform

/// Messages of the error log that concern a request: what happened, to whom, and where.
public enum RequestLog {
    /// A failure on the way to or from an upstream.
    public static func upstreamError(
        _ context: RequestContext, _ level: LogLevel, _ what: StaticString, _ error: SystemError?, _ phase: StaticString
    ) {
        let log = context.plan.core.errorLog
        guard log.takes(level) else { return }
        var record = log.record(level, now: seconds(context), connection: context.connection.number)
        record.append(what)
        if let error { record.append(error: error) }
        record.append(phase)
        appendUpstream(context, &record)
        log.write(record)
    }

    /// As `upstreamError`, in words that are known only now.
    static func upstreamError(_ context: RequestContext, _ level: LogLevel, text: String, _ phase: StaticString) {
        let log = context.plan.core.errorLog
        guard log.takes(level) else { return }
        var record = log.record(level, now: seconds(context), connection: context.connection.number)
        record.append(text)
        record.append(phase)
        appendUpstream(context, &record)
        log.write(record)
    }

    private static func appendUpstream(_ context: RequestContext, _ record: inout ErrorLog.Record) {
        appendRequest(context, &record)
        if let upstream = context.upstream, upstream.attemptCount > 0 {
            let attempt = upstream.last
            var text: [UInt8] = []
            text.append(literal: upstream.isEncrypted ? "https://" : "http://")
            text.append(contentsOf: Array(attempt.address.utf8))
            if attempt.address.hasPrefix("unix:") { text.append(UInt8(ascii: ":")) }
            text.append(contentsOf: upstream.uri.array)
            record.append(upstream: text.span)
        }
        appendHost(context, &record)
    }

    /// Why a request was refused or failed; `level` as nginx has it for the kind.
    public static func write(_ context: RequestContext, _ level: LogLevel, _ what: StaticString, _ error: SystemError? = nil) {
        let log = context.plan.core.errorLog
        guard log.takes(level) else { return }
        var record = log.record(level, now: seconds(context), connection: context.connection.number)
        record.append(what)
        if let error { record.append(error: error) }
        appendRequest(context, &record)
        appendHost(context, &record)
        log.write(record)
    }

    /// As `write`, in words that are known only now.
    public static func write(_ context: RequestContext, _ level: LogLevel, text: String) {
        let log = context.plan.core.errorLog
        guard log.takes(level) else { return }
        var record = log.record(level, now: seconds(context), connection: context.connection.number)
        record.append(text)
        appendRequest(context, &record)
        appendHost(context, &record)
        log.write(record)
    }

    /// Why a request is answered by an error: the reason names the rule or the directive. What is the server's own fault, and a
    /// body that is too long, are errors; what the client did wrong is information. (403: whoever forbids has said why.)
    public static func failure(_ context: RequestContext, _ failure: RequestFailure) {
        switch failure.status {
        case 403: break
        case 413, 500...: write(context, .error, failure.reason)
        default: write(context, .info, failure.reason)
        }
    }

    /// As `write`, about a file.
    public static func write(
        _ context: RequestContext, _ level: LogLevel, _ what: StaticString, path: Span<UInt8>, _ error: SystemError?
    ) {
        let log = context.plan.core.errorLog
        guard log.takes(level) else { return }
        var record = log.record(level, now: seconds(context), connection: context.connection.number)
        record.append(what)
        record.append(quoted: path)
        if let error { record.append(error: error) }
        appendRequest(context, &record)
        appendHost(context, &record)
        log.write(record)
    }

    /// As `write`, about a file: `before`, the path in quotes, `after`.
    public static func file(
        _ context: RequestContext, _ level: LogLevel, _ before: StaticString, _ path: Span<UInt8>, _ after: StaticString,
        _ error: SystemError?
    ) {
        let log = context.plan.core.errorLog
        guard log.takes(level) else { return }
        var record = log.record(level, now: seconds(context), connection: context.connection.number)
        record.append(before)
        record.append(quoted: path)
        record.append(after)
        if let error { record.append(error: error) }
        appendRequest(context, &record)
        appendHost(context, &record)
        log.write(record)
    }

    private static func seconds(_ context: RequestContext) -> Int64 { context.serving.loop.wallNow / 1000 }

    private static func appendRequest(_ context: RequestContext, _ record: inout ErrorLog.Record) {
        record.append(client: Array(context.connection.peer.host.utf8).span)
        let name = context.server.nameBytes
        record.append(server: name.span)
        let head = context.head
        if !head.lineRange.isEmpty, head.lineRange.upperBound <= head.buffer.count {
            record.append(request: head.bytes(head.lineRange))
        }
    }

    private static func appendHost(_ context: RequestContext, _ record: inout ErrorLog.Record) {
        let head = context.head
        if let host = head.first(.host) { record.append(host: head.value(host)) }
    }
}
