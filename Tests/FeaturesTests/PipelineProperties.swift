import Bytes
import EventLoops
import HTTP
import Server

/// What must hold whatever a client or an upstream sends: used by the property tests, by the replay of the corpus, and by the
/// fuzzers, which compile this file too. Each check returns what does not hold, or nil.
final class PipelineProperties {
    /// Everything that evaluates bytes of a peer: expressions, maps, templates, names, addresses, rewriting.
    private static let http = """
        map $uri $mapped { default none; ~^/(?<part>[^/]+)/(.*)$ $part-$2; ~*\\.CSS$ css; /exact 1; "" 2; }
        map $host $hosted { hostnames; default 0; .example.org 1; *.com 2; www.* 3; ~^(?<sub>.+)\\.net$ $sub; }
        map "$arg_a:$cookie_b:$http_c" $joined { "~*(*UTF)^\\w+:(.)" $1; volatile; default $args; }
        upstream app { server 127.0.0.1:9; }
        """
    private static let server = """
        server_name ~^(?<name>\\w+)\\.front$;
        set $x "$mapped$hosted$joined$request_uri$http_user_agent$request_length";
        location / {
            proxy_pass http://app; proxy_set_header X-All $x; proxy_set_header Host $host; proxy_set_header X-Name $name$1;
            proxy_redirect ~^http://([^/]+)/(.*)$ /$1/$2; proxy_redirect http://$host/ /; proxy_redirect default;
        }
        location /unbuffered/ { proxy_pass http://app/to/; proxy_request_buffering off; }
        location /old/ { proxy_pass http://app/; proxy_http_version 1.0; proxy_pass_request_body off; }
        location ~ ^/r/(?<rest>.*)$ { proxy_pass http://app/$rest$is_args$args; }
        location /to/ { proxy_pass http://$http_to; }
        location ~* \\.(a|b)$ { add_header X-One $1; return 200 $x; }
        location = /moved { return 301 /new/$arg_to?$args; }
        location /away { return 302 http://$host$uri; }
        location /access { allow 10.0.0.0/8; deny all; }
        location /error { error_page 403 =200 /other$uri?$args; deny all; }
        """

    private let stage: ProxyStage
    /// Heads that came as far as being written anew: what was checked of all that was tried.
    private(set) var written = 0

    // Sound: the fuzzer calls from one thread.
    nonisolated(unsafe) private static let own = try? PipelineProperties()

    /// What `check` finds with the one configuration of a fuzzer.
    static func shared(_ check: (PipelineProperties) -> String?) -> String? {
        guard let own = unsafe own else { return "the configuration is refused" }
        return check(own)
    }

    init() throws { stage = try ProxyStage(server: Self.server, http: Self.http) }

    /// A request that is passed on is one request to whoever reads it next, with the framing that its body is sent with.
    func request(_ input: [UInt8]) -> String? {
        stage.clear()
        let context = stage.context
        if input.count > context.head.buffer.room { return nil }
        context.head.buffer.append(input.span)
        do throws(RequestFailure) {
            guard case .complete = try RequestDecoder().decode(context.head) else { return nil }
        } catch {
            return nil
        }
        guard let hosts = stage.serving.site.hosts.values.first else { return "no server" }
        context.body.begin(context.head)
        return judge(RequestPipeline.begin(context, hosts))
    }

    private func judge(_ step: RequestPipeline.Step) -> String? {
        let context = stage.context
        switch step {
        case .respond: return judgeResponse()
        case .close, .wait(.delay): return nil
        case .wait(.body):
            _ = context.body.feed(context.head.buffer, from: context.head.end)
            guard context.body.isWhole || context.body.failure != nil else { return nil }
            context.outcome = context.body.failure.map { .failed($0.status) } ?? .done
            return judge(RequestPipeline.advance(context))
        case .wait(.upstream(let plan)), .wait(.cached(let plan)): return judgePassed(plan)
        }
    }

    private func judgePassed(_ plan: ProxyPlan) -> String? {
        _ = stage.context.upstreamState()
        do throws(RequestFailure) {
            _ = try plan.settledTarget(stage.context)
        } catch {
            return [500, 502].contains(error.status) ? nil : "status \(error.status) instead of an address"
        }
        var sent = ByteString()
        let written = RequestRewriting.appendHead(stage.context, plan, nil, to: &sent)
        var output = sent.array
        if output.isEmpty { return nil }
        self.written += 1
        if stage.context.upstream?.target != nil {
            // What variables make of a target is sent as it is, whatever its percent signs stand for.
            let words = output.prefix { $0 != 13 }.split(separator: 32, omittingEmptySubsequences: false)
            if words.count != 3 || words[1].contains(where: { $0 <= 32 || $0 == 127 }) { return "a target of several words" }
            output.replaceSubrange(words[1].indices, with: [UInt8(ascii: "/")])
        }
        let head = RequestHead(buffer: ByteBuffer(capacity: output.count))
        head.buffer.append(output.span)
        var limits = HeadLimits()
        limits.clientHeaderBufferSize = output.count + 1
        limits.largeBufferSize = output.count + 1
        let text = String(decoding: output, as: UTF8.self).debugDescription
        do throws(RequestFailure) {
            guard case .complete = try RequestDecoder(limits: limits).decode(head) else { return "passed on in part: \(text)" }
        } catch {
            return "passed on what we refuse (\(error.reason)): \(text)"
        }
        if head.end != output.count { return "two requests instead of one: \(text)" }
        if head.isChunked != written.isChunked { return "another framing: \(text)" }
        let body = stage.context.body
        let length = written.sendsBody && !written.isChunked ? body.announcedLength ?? body.received : 0
        if (head.contentLength ?? 0) != length { return "another length than the body's: \(text)" }
        return nil
    }

    /// A response that is passed on is one response to whoever reads it next.
    func response(_ input: [UInt8]) -> String? {
        guard let first = input.first else { return nil }
        stage.clear()
        guard case .wait? = try? stage.run("GET /x HTTP/1.1", "Host: a.front:8080", "X: y"), let plan = stage.context.plan.proxy
        else { return "the request is not passed on" }
        _ = stage.context.upstreamState()
        let content = Array(input.dropFirst())
        let head = ResponseHead(buffer: ByteBuffer(capacity: content.count + 1))
        head.buffer.append(content.span)
        do throws(RequestFailure) {
            guard case .complete = try ResponseDecoder().decode(head) else { return nil }
        } catch {
            return nil
        }
        written += 1
        ResponseRewriting.apply(head, stage.context, plan, source: first & 1 == 0 ? .upstream : .cache)
        return judgeResponse()
    }

    private func judgeResponse() -> String? {
        if let length = stage.context.response.contentLength, length < 0 { return "a negative length" }
        for line in stage.described() {
            for byte in line.utf8 where byte == 0 || byte == 10 || byte == 13 {
                return "a line end within a line: \(line.debugDescription)"
            }
        }
        return nil
    }
}
