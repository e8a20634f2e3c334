import Bytes
import Configuration
import EventLoops
import Features
import HTTP
import Observability
import Platform
import Server

/// A whole configuration, built as a start builds it, and one request led through it as far as its first wait: what an
/// upstream would be sent can then be looked at, without sockets.
final class ProxyStage {
    struct Refused: Error, CustomStringConvertible { let description: String }

    struct Text: SourceReader {
        let text: String
        func text(of path: String) throws(SourceFailure) -> [UInt8] { Array(text.utf8) }
        func paths(matching pattern: String) throws(SourceFailure) -> [String] { [] }
    }

    let loop: EventLoop
    let serving: ServingLoop
    let warnings: [Diagnostic]
    private(set) var context: RequestContext

    /// `http` is what stands in the http block.
    init(http: String) throws {
        let text = "events { }\nhttp {\n\(http)\n}\n"
        let paths = ConfigurationPaths(prefix: "/tmp/zendan-stage", file: "/tmp/zendan-stage/zendan.conf")
        let registry = DirectiveRegistry(
            FeatureList.all.map { $0 as any DirectiveSet.Type }, refused: FeatureList.refused, harmless: FeatureList.harmless)
        let named = NamedState(pool: BlockingPool(threads: 1))
        let loaded: LoadedConfiguration
        do throws(ConfigurationFailure) {
            loaded = try ConfigurationLoader(registry, reader: Text(text: text)).load(paths: paths)
        } catch {
            throw Refused(description: error.description)
        }
        let result: SiteAssembly.Result
        do throws(Diagnostic) {
            result = try SiteAssembly.assemble(loaded, FeatureList.all, paths: paths, named: named)
        } catch {
            throw Refused(description: error.description)
        }
        warnings = result.warnings
        loop = try EventLoop()
        serving = ServingLoop(loop: loop, site: result.site, named: named, errorLog: ErrorLog([]), prefix: paths.prefix)
        guard let hosts = result.site.hosts.values.first else { throw Refused(description: "no server") }
        context = serving.takeContext(result.site, hosts.defaultServer)
    }

    /// One server with these locations; access logs are off.
    convenience init(server: String, http: String = "") throws {
        try self.init(http: "access_log off;\n\(http)\nserver { listen 127.0.0.1:8080; server_name front;\n\(server)\n}")
    }

    /// Makes the stage ready for another request.
    func clear() {
        serving.give(context)
        if let hosts = serving.site.hosts.values.first { context = serving.takeContext(serving.site, hosts.defaultServer) }
    }

    /// Reads the request and runs the pipeline. `lines` are ended here.
    func run(_ lines: String...) throws -> RequestPipeline.Step {
        var bytes: [UInt8] = []
        for line in lines { bytes += Array(line.utf8) + [13, 10] }
        bytes += [13, 10]
        context.head.buffer.append(bytes.span)
        do throws(RequestFailure) {
            let progress = try RequestDecoder().decode(context.head)
            guard case .complete = progress else { throw RequestFailure(400, "the head is not whole") }
        } catch {
            throw Refused(description: "\(error.status) \(error.reason)")
        }
        context.body.begin(context.head)
        guard let hosts = serving.site.hosts.values.first else { throw Refused(description: "no server") }
        return RequestPipeline.begin(context, hosts)
    }

    /// The head that the upstream is sent, as text; for a fetch of the cache when `isFetch`.
    func upstreamHead(_ lines: [String], isFetch: Bool = false) throws -> String {
        let step = try run(lines.joined(separator: "\r\n"))
        guard case .wait(let need) = step else { throw Refused(description: "\(context.response.status)") }
        let plan: ProxyPlan
        switch need {
        case .upstream(let upstream): plan = upstream
        case .cached(let cached): plan = cached
        default: throw Refused(description: "waits for something else")
        }
        var output = ByteString()
        _ = RequestRewriting.appendHead(context, plan, isFetch ? CacheValidators() : nil, to: &output)
        return output.span.string
    }

    /// The target that the upstream is sent.
    func upstreamTarget(_ target: String) throws -> String {
        let head = try upstreamHead(["GET \(target) HTTP/1.1", "Host: client.example"])
        return head.split(separator: " ").dropFirst().first.map(String.init) ?? ""
    }

    /// What the client is sent for this head of an upstream, field by field; `GET /x` was asked.
    func clientHead(_ lines: [String], target: String = "/x", isCached: Bool = false) throws -> [String] {
        let step = try run("GET \(target) HTTP/1.1", "Host: front.example:8080")
        guard case .wait = step, let plan = context.plan.proxy else { throw Refused(description: "\(context.response.status)") }
        _ = context.upstreamState()
        let head = ResponseHead(buffer: ByteBuffer(capacity: 4096))
        let text = lines.joined(separator: "\r\n") + "\r\n\r\n"
        head.buffer.append(Array(text.utf8).span)
        do throws(RequestFailure) {
            guard case .complete = try ResponseDecoder().decode(head) else {
                throw RequestFailure(502, "the head is not whole")
            }
        } catch {
            throw Refused(description: "\(error.status) \(error.reason)")
        }
        ResponseRewriting.apply(head, context, plan, source: isCached ? .cache : .upstream)
        return described()
    }

    /// What `context.response` has come to, line by line.
    func described() -> [String] {
        func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
        var lines = ["\(context.response.status) \(text(context.response.reason.array))"]
        let own: [(String, [UInt8])] = [
            ("Content-Type", context.response.contentType.array), ("Last-Modified", context.response.lastModifiedText.array),
            ("ETag", context.response.etag.array), ("Date", context.response.date), ("Server", context.response.server),
            ("location", context.response.location.array),
        ]
        for (name, value) in own where !value.isEmpty { lines.append("\(name): \(text(value))") }
        if let length = context.response.contentLength { lines.append("Content-Length: \(length)") }
        let fields = context.response.fields
        for slot in fields.slots { lines.append("\(fields.spelling(slot).string): \(fields.value(slot).string)") }
        return lines
    }
}
