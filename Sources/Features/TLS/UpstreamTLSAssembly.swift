import Configuration
import Platform
import Server
import TLS
import Upstreams

extension UpstreamTLS {
    /// What a location with `proxy_pass https://…` needs. `host` is that of proxy_pass; nil: variables make it.
    static func security(
        _ settings: Settings, host: String?, _ plan: LocationPlanBuilder, at place: SourceLocation
    ) throws(Diagnostic) -> UpstreamSecurity {
        var name: Template?
        if let syntax = settings.name { name = try plan.compile(syntax, at: place) }
        return UpstreamSecurity(
            try context(settings, plan.site, at: place), name: name, host: host, sendsName: settings.sendsName,
            reusesSessions: settings.reusesSessions)
    }

    /// Says aloud that nobody knows who answers. `addresses`: nil where they are known only when a request comes.
    static func advise(
        _ settings: Settings, _ pass: Argument, _ addresses: [SocketAddress]?, _ plan: LocationPlanBuilder
    ) {
        if settings.verifies { return }
        if let addresses, addresses.allSatisfy(\.isLoopback) { return }
        let known = "unverified \(pass.location)"
        if plan.site.loopIndex > 0 || plan.site.shared[known] != nil { return }
        plan.site.shared[known] = true
        plan.site.warnings.append(
            Diagnostic(
                "the certificate of \(Diagnostic.quoted(pass.text)) is not verified: whoever stands on the way can answer in its place",
                at: pass.location,
                hint:
                    "set \"proxy_ssl_verify on\", and \"proxy_ssl_trusted_certificate\" to a file with the certificates of those you trust (Debian's is /etc/ssl/certs/ca-certificates.crt)",
                severity: .warning))
    }

    /// One context for all that state the same.
    private static func context(
        _ settings: Settings, _ site: SiteBuilder, at place: SourceLocation
    ) throws(Diagnostic) -> UpstreamTLSContext {
        let key = key(settings)
        if let known = site.named.upstreamTLSContext(for: key) { return known }
        let made = try make(settings, site, at: place)
        site.named.keepUpstreamTLSContext(made, for: key)
        return made
    }

    private static func key(_ settings: Settings) -> String {
        var parts = settings.protocols.map { "\($0.rawValue)" }
        parts += [settings.ciphers, settings.verifies ? "on" : "off", "\(settings.depth)"]
        for file in [
            settings.certificate, settings.key, settings.passwordFile, settings.trustedCertificate, settings.revocations,
        ] { parts.append(file?.text ?? "") }
        parts += settings.commands.flatMap { $0.map(\.text) }
        return parts.map { "\($0.utf8.count):\($0)" }.joined()
    }

    private static func make(
        _ settings: Settings, _ site: SiteBuilder, at place: SourceLocation
    ) throws(Diagnostic) -> UpstreamTLSContext {
        var files = TLSFiles(site)
        var result = TLSClientSettings()
        result.protocols = TLSProtocols(settings.protocols)
        result.ciphers = settings.ciphers
        result.verifies = settings.verifies
        result.depth = settings.depth
        if let certificate = settings.certificate {
            guard let key = settings.key else {
                throw Diagnostic(
                    "no \"proxy_ssl_certificate_key\" is defined for certificate \(Diagnostic.quoted(certificate.text))",
                    at: certificate.location)
            }
            result.identity = files.identity(certificate, key, files.passphrases(settings.passwordFile))
        }
        if settings.verifies {
            guard settings.trustedCertificate != nil else {
                throw Diagnostic(
                    "no \"proxy_ssl_trusted_certificate\" for \"proxy_ssl_verify\"", at: place,
                    hint: "name a file with the certificates of those you trust")
            }
            result.trustedCAs = files.certificates(settings.trustedCertificate)
            result.revocations = files.bytes(settings.revocations, "the revocation list")
        }
        for command in settings.commands { result.commands.append(files.command(command, of: "proxy_ssl_conf_command")) }
        let context = files.isFaulty ? nil : try build(result, &files, at: place)
        // What is missing may be what the upstream is held to, or what it asks for: nothing goes out without.
        if files.isFaulty { site.tlsNeeds.unusableFiles.append(files.names) }
        return UpstreamTLSContext(context)
    }

    private static func build(
        _ settings: TLSClientSettings, _ files: inout TLSFiles, at place: SourceLocation
    ) throws(Diagnostic) -> TLSClientContext? {
        do throws(TLSError) {
            return try TLSClientContext(settings)
        } catch {
            // Without any file: are the settings to blame, or what a file holds?
            var bare = settings
            bare.identity = nil
            bare.trustedCAs = []
            bare.revocations = nil
            bare.commands.removeAll { TLSCommand.namesFile($0.name) }
            do throws(TLSError) {
                _ = try TLSClientContext(bare)
            } catch {
                throw Diagnostic(error.reason, at: place)
            }
            files.fault(error.reason, at: place)
            return nil
        }
    }
}
