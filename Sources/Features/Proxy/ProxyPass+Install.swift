import Bytes
import Caching
import Configuration
import HTTP
import Platform
import Server
import Upstreams

extension ProxyPass {
    public static func install(_ s: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        guard let pass = s.pass, plan.block.context != .server else { return }
        var options = try target(pass, &plan)
        options.httpVersion = s.version
        try setHeaders(s, &options, plan)
        options.passesRequestHeaders = s.passesHeaders
        options.passesRequestBody = s.passesBody
        options.forcesRanges = s.forcesRanges
        options.hidden = hidden(s)
        options.ignored = s.ignored
        try setBuffers(s, &options, plan)
        options.connectTimeout = s.connectTimeout
        options.sendTimeout = s.sendTimeout
        options.readTimeout = s.readTimeout
        options.retry = RetryPolicy(conditions: s.retry, tries: s.tries, timeout: s.retryTimeout)
        options.interceptsErrors = s.intercepts
        options.ignoresClientAbort = s.ignoresAbort
        options.socketKeepalive = s.socketKeepalive
        try setRedirects(s, pass, &options, plan)
        options.cache = try ProxyCache.plan(plan.block.settings(ProxyCache.self), s, pass, plan)
        plan.core.toleratesHalfClose = s.ignoresAbort
        let choice = try ProxyCache.choice(plan.block.settings(ProxyCache.self), s, pass, options, plan)
        let proxy = ProxyPlan(options)
        plan.proxy = proxy
        let isPrefix = !plan.isRegex && !plan.isNamed && !plan.name.hasPrefix("=")
        plan.redirectsToSlash = isPrefix && plan.name.hasSuffix("/")
        plan.add(Handler(.content, ProxyHandler(plan: proxy, choice: choice, prefix: plan.site.paths.prefix).answer))
    }

    /// Where requests go, by what `proxy_pass` says.
    private static func target(_ pass: Argument, _ plan: inout LocationPlanBuilder) throws(Diagnostic) -> ProxyPlan.Options {
        let syntax = try pass.template()
        if !syntax.isConstant {
            var options = ProxyPlan.Options(target: .template(try plan.compile(syntax, at: pass.location)))
            options.directory = plan.site.upstreamDirectory
            options.keepAlive = KeepAlivePolicy(capacity: 0)
            // The scheme may come out of a variable as well.
            if !pass.text.lowercased().hasPrefix("http://") {
                let settings = plan.block.settings(UpstreamTLS.self)
                options.security = try UpstreamTLS.security(settings, host: nil, plan, at: pass.location)
                if pass.text.lowercased().hasPrefix("https://") { UpstreamTLS.advise(settings, pass, nil, plan) }
            }
            return options
        }
        let isEncrypted = pass.text.lowercased().hasPrefix("https://")
        let parsed: (address: UpstreamAddress, uri: String?)
        do throws(UpstreamAddressError) {
            parsed = try UpstreamAddress.parse(proxyPass: String(pass.text.dropFirst(isEncrypted ? 8 : 7)))
        } catch {
            throw Diagnostic("\(error.message) in proxy_pass \(Diagnostic.quoted(pass.text))", at: pass.location)
        }
        if parsed.uri != nil, plan.isRegex || plan.isNamed || plan.block.context == .limitExcept {
            throw Diagnostic(
                "\"proxy_pass\" cannot have a URI part here", at: pass.location,
                hint: "a regex location, a named location and limit_except have no prefix that it could replace")
        }
        var options = try fixedTarget(parsed.address, pass, plan, defaultPort: isEncrypted ? 443 : 80)
        if isEncrypted {
            let settings = plan.block.settings(UpstreamTLS.self)
            options.security = try UpstreamTLS.security(settings, host: options.hostText, plan, at: pass.location)
            if case .group(let group) = options.target { UpstreamTLS.advise(settings, pass, group.addresses, plan) }
        }
        options.uri = parsed.uri.map { Array($0.utf8) }
        options.prefixLength = plan.prefixLength
        return options
    }

    private static func fixedTarget(
        _ address: UpstreamAddress, _ pass: Argument, _ plan: LocationPlanBuilder, defaultPort: UInt16
    ) throws(Diagnostic) -> ProxyPlan.Options {
        var options: ProxyPlan.Options
        let named = plan.site.upstreamDirectory?.find(Array(address.host.utf8), port: nil, defaultPort: defaultPort)
        let upstream = address.kind == .name && named?.port == nil ? named : nil
        if upstream != nil, let port = address.port {
            throw Diagnostic(
                "upstream \(Diagnostic.quoted(address.host)) may not have port \(port)", at: pass.location,
                hint: "its servers have ports; write http://\(address.host)")
        }
        if let member = upstream {
            options = ProxyPlan.Options(target: .group(member.group))
            options.keepAlive = member.keepAlive
        } else {
            let peers = try UpstreamAddresses.addresses(address, pass, defaultPort: defaultPort).map { PeerDefinition($0) }
            let name = address.kind == .unix ? "unix:\(address.host)" : "\(address.host):\(address.port ?? defaultPort)"
            let group = plan.site.named.group("host \(name)") { UpstreamGroup(name: name, peers: peers) }
            group.apply(peers)
            options = ProxyPlan.Options(target: .group(group))
            // As nginx: only an `upstream` keeps connections. An app that serves one connection at a time would be held by an idle one.
            options.keepAlive = KeepAlivePolicy(capacity: 0)
            if address.kind != .unix {
                let member = UpstreamDirectory.Member(
                    group: group, keepAlive: options.keepAlive, port: address.port ?? defaultPort)
                plan.site.upstreamDirectory?.add(address.host, member)
            }
        }
        options.directory = plan.site.upstreamDirectory
        switch address.kind {
        case .unix: options.hostText = "localhost"
        case .ipv6: options.hostText = "[\(address.host)]"
        case .name, .ipv4: options.hostText = address.host
        }
        if let port = address.port, port != defaultPort { options.hostText += ":\(port)" }
        if address.kind != .unix { options.portText = "\(address.port ?? defaultPort)" }
        return options
    }

    private static func setHeaders(_ s: Settings, _ options: inout ProxyPlan.Options, _ plan: LocationPlanBuilder)
        throws(Diagnostic)
    {
        for line in s.headers {
            let value = try plan.compile(line.value, at: line.location)
            switch line.name.lowercased() {
            case "host": options.hostHeader = value
            case "content-length", "transfer-encoding": break
            default: options.setHeaders.append(SetHeader(spelling: line.name, value: value))
            }
        }
        let hasConnection = s.headers.contains { $0.name.lowercased() == "connection" }
        var isKept = options.keepAlive.capacity > 0
        // Variables may name an upstream that keeps connections.
        if case .template = options.target { isKept = true }
        if !hasConnection, s.version == .http10 || !isKept {
            options.setHeaders.append(SetHeader(spelling: "Connection", value: Template(constant: "close")))
        }
    }

    /// nginx's usual ones, those of proxy_hide_header, without those of proxy_pass_header.
    private static func hidden(_ s: Settings) -> HeaderNameSet {
        var names = HeaderNameSet([
            "Date", "Server", "X-Pad", "X-Accel-Expires", "X-Accel-Redirect", "X-Accel-Limit-Rate", "X-Accel-Buffering",
            "X-Accel-Charset",
        ])
        for name in s.hidden { names.insert(name) }
        for name in s.passed { names.remove(name) }
        return names
    }

    private static func setBuffers(_ s: Settings, _ options: inout ProxyPlan.Options, _ plan: LocationPlanBuilder)
        throws(Diagnostic)
    {
        options.buffersResponse = s.buffering
        options.buffersRequest = s.requestBuffering
        options.bufferSize = s.bufferSize
        options.bufferCount = s.bufferCount
        options.bufferBlockSize = s.bufferBlock
        let largest = max(s.bufferSize, s.bufferBlock)
        let busy = s.busy ?? 2 * largest
        let place = plan.block.statement("proxy_busy_buffers_size")?.location ?? plan.block.statement("proxy_buffers")?.location
        if busy < largest {
            throw Diagnostic(
                "\"proxy_busy_buffers_size\" must be equal to or greater than the value of \"proxy_buffer_size\" and one of the \"proxy_buffers\"",
                at: place)
        }
        if busy > (s.bufferCount - 1) * s.bufferBlock {
            throw Diagnostic(
                "\"proxy_busy_buffers_size\" must be less than the size of all \"proxy_buffers\" minus one buffer", at: place)
        }
        options.tempPath = s.tempPath ?? plan.site.paths.resolve("proxy_temp")
        try checkTemporary(s, largest, plan)
        options.maxTempFileSize = s.maxTemp
        plan.site.directories.insert(options.tempPath)
    }

    private static func checkTemporary(_ s: Settings, _ largest: Int, _ plan: LocationPlanBuilder) throws(Diagnostic) {
        if let write = s.tempWrite, write < largest {
            throw Diagnostic(
                "\"proxy_temp_file_write_size\" must be equal to or greater than the value of \"proxy_buffer_size\" and one of the \"proxy_buffers\"",
                at: plan.block.statement("proxy_temp_file_write_size")?.location)
        }
        if s.maxTemp != 0, s.maxTemp < largest {
            throw Diagnostic(
                "\"proxy_max_temp_file_size\" must be zero to disable temporary files, or equal to or greater than the value of \"proxy_buffer_size\" and one of the \"proxy_buffers\"",
                at: plan.block.statement("proxy_max_temp_file_size")?.location)
        }
    }

    private static func setRedirects(
        _ s: Settings, _ pass: Argument, _ options: inout ProxyPlan.Options, _ plan: LocationPlanBuilder
    ) throws(Diagnostic) {
        let redirects = s.redirects ?? [Redirect(from: nil, to: nil, location: pass.location)]
        for redirect in redirects {
            guard let from = redirect.from, let to = redirect.to else {
                if let rule = defaultRule(pass, hasURI: options.uri != nil, plan) { options.redirects.append(rule) }
                if s.redirects != nil, pass.text.contains("$") {
                    throw Diagnostic(
                        "\"proxy_redirect default\" cannot be used with \"proxy_pass\" that has variables",
                        at: redirect.location)
                }
                continue
            }
            let replacement = try plan.compile(to, at: redirect.location)
            if from.text.hasPrefix("~") {
                let isCaseless = from.text.hasPrefix("~*")
                let source = String(from.text.dropFirst(isCaseless ? 2 : 1))
                let pattern = try plan.site.compilePattern(source, caseless: isCaseless, at: from.location)
                options.redirects.append(RedirectRule(match: .pattern(pattern), replacement: replacement))
            } else {
                let prefix = try plan.compile(try from.template(), at: from.location)
                options.redirects.append(RedirectRule(match: .prefix(prefix), replacement: replacement))
            }
        }
    }

    /// The URL of proxy_pass becomes the location's own path.
    private static func defaultRule(_ pass: Argument, hasURI: Bool, _ plan: LocationPlanBuilder) -> RedirectRule? {
        if pass.text.contains("$") { return nil }
        let path = String(plan.name.drop { $0 != "/" })
        let prefix = hasURI ? pass.text : pass.text + "/"
        return RedirectRule(
            match: .prefix(Template(constant: prefix)), replacement: Template(constant: hasURI ? path : "/"))
    }
}
