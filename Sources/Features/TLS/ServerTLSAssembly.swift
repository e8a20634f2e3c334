import Configuration
import Platform
import Server
import TLS

/// From what a server says about TLS to the context of its handshakes: reads the files, judges the certificates.
///
/// A file that is missing or broken is a fault and no error: a start goes on, and the server serves with what was there
/// before, or refuses handshakes. What no file is to blame for is an error.
struct ServerTLSAssembly {
    private let settings: ServerTLS.Settings
    private let site: SiteBuilder
    private let names: [ServerName]
    private let place: SourceLocation
    private var files: TLSFiles

    init(_ settings: ServerTLS.Settings, _ server: ServerPlanBuilder) {
        self.settings = settings
        site = server.site
        files = TLSFiles(server.site)
        names = server.names
        place = server.block.header.location
    }

    mutating func build() throws(Diagnostic) -> TLSServerContext {
        var result = TLSServerSettings()
        try setPlain(&result)
        result.identities = try identities()
        try setVerification(&result)
        try setSessions(&result)
        result.dhParameters = files.bytes(settings.dhParameters, "the DH parameters")
        for command in settings.commands { result.commands.append(files.command(command, of: "ssl_conf_command")) }
        try setStapling(&result)
        if files.isFaulty, !result.identities.isEmpty, isDemanding { result.identities = [] }
        let context = try context(result)
        if files.isFaulty { site.tlsNeeds.unusableFiles.append(files.names) }
        return context
    }

    private func setPlain(_ result: inout TLSServerSettings) throws(Diagnostic) {
        result.protocols = TLSProtocols(settings.protocols)
        result.ciphers = settings.ciphers
        result.curves = settings.curves
        result.prefersServerCiphers = settings.prefersServerCiphers
        result.rejectsHandshake = settings.rejectsHandshake
        result.recordSize = settings.bufferSize
        result.sessionTimeout = Int(clamping: settings.sessionTimeout)
    }

    /// Whether what is missing may be what clients are held to: nobody gets in rather than everybody.
    private var isDemanding: Bool { settings.verification != .off }

    private mutating func context(_ result: TLSServerSettings) throws(Diagnostic) -> TLSServerContext {
        do throws(TLSError) {
            return try TLSServerContext(result)
        } catch {
            // Without any file: are the settings to blame, or what a file holds?
            var bare = result
            bare.identities = []
            bare.dhParameters = nil
            bare.verification = ClientVerification()
            bare.commands.removeAll { TLSCommand.namesFile($0.name) }
            do throws(TLSError) {
                let context = try TLSServerContext(bare)
                files.fault(error.reason, at: place)
                return context
            } catch {
                throw Diagnostic(error.reason, at: place)
            }
        }
    }

    // MARK: Certificates

    private mutating func identities() throws(Diagnostic) -> [TLSIdentity] {
        var identities: [TLSIdentity] = []
        let passphrases = files.passphrases(settings.passwordFile)
        for (index, certificate) in settings.certificates.enumerated() {
            guard index < settings.keys.count else {
                throw Diagnostic(
                    "no \"ssl_certificate_key\" is defined for certificate \(Diagnostic.quoted(certificate.text))",
                    at: certificate.location)
            }
            if let identity = identity(certificate, settings.keys[index], passphrases) { identities.append(identity) }
        }
        return identities
    }

    private mutating func identity(_ certificate: Argument, _ key: Argument, _ passphrases: [[UInt8]]) -> TLSIdentity? {
        let known = "certificate of \(certificate.text) with \(key.text)"
        files.note(certificate)
        files.note(key)
        if let identity = site.shared[known] as? TLSIdentity {
            inspect([identity.certificate], identity.key, certificate, isNew: false)
            return identity
        }
        // What it only looks at does not change while the files are read.
        let assembly = self
        let found = files.identity(certificate, key, passphrases) { assembly.inspect($0, $1, certificate, isNew: true) }
        guard let identity = found else { return nil }
        site.shared[known] = identity
        return identity
    }

    /// What `-t` says of a certificate that can be used, and perhaps should not.
    private func inspect(_ certificates: [Certificate], _ key: PrivateKey, _ argument: Argument, isNew: Bool) {
        if site.loopIndex > 0 { return }
        let plainNames = names.filter { $0.pattern == nil && !$0.text.isEmpty }.map { $0.wildcard ?? $0.text }
        let inspection = CertificateInspection(
            certificates, key: key, serverNames: plainNames, now: Int(Clock.wallMilliseconds() / 1000))
        for finding in inspection.findings {
            let severity: Diagnostic.Severity
            switch finding {
            case .keyMismatch: continue
            case .nameNotCovered: severity = .warning
            case .rootInChain, .chainIncomplete: severity = .note
            default: severity = .warning
            }
            if case .nameNotCovered = finding {} else if !isNew { continue }
            site.warnings.append(
                Diagnostic("\(files.shown(argument)): \(finding)", at: argument.location, severity: severity))
        }
    }

    // MARK: Clients

    private mutating func setVerification(_ result: inout TLSServerSettings) throws(Diagnostic) {
        result.verification.mode = settings.verification
        result.verification.depth = settings.depth
        result.verification.clientCAs = files.certificates(settings.clientCertificate)
        result.verification.trustedCAs = files.certificates(settings.trustedCertificate)
        result.verification.revocations = files.bytes(settings.revocations, "the revocation list")
        switch settings.verification {
        case .off, .optionalWithoutCA: break
        case .on, .optional:
            if settings.clientCertificate == nil, settings.trustedCertificate == nil {
                throw Diagnostic(
                    "no \"ssl_client_certificate\" or \"ssl_trusted_certificate\" for \"ssl_verify_client\"", at: place,
                    hint: "name the certificate of whoever issues the clients'")
            }
        }
    }

    // MARK: Sessions

    private mutating func setSessions(_ result: inout TLSServerSettings) throws(Diagnostic) {
        switch settings.sessionCache {
        case .off: result.sessionCache = .off
        case .none: result.sessionCache = .none
        case .shared(let name, let size):
            let known = "session cache \(name)"
            if let other = site.shared[known] as? Int, other != size {
                throw Diagnostic(
                    "the size \(size) of the session cache \(Diagnostic.quoted(name)) conflicts with its size \(other) elsewhere",
                    at: place)
            }
            site.shared[known] = size
            result.sessionCache = .shared(site.named.sessionCache(name, size: size))
        }
        if !settings.hasTickets { return }
        do throws(TLSError) {
            if settings.ticketKeys.isEmpty {
                site.tlsNeeds.ticketLifetime = max(site.tlsNeeds.ticketLifetime, result.sessionTimeout)
                result.ticketKeys = try site.named.ticketKeys()
                return
            }
            var keys: [[UInt8]] = []
            for argument in settings.ticketKeys {
                if let key = files.bytes(argument, "the session ticket key") { keys.append(key) }
            }
            if !keys.isEmpty { result.ticketKeys = try TLSTicketKeys(files: keys) }
        } catch {
            files.fault(error.reason, at: settings.ticketKeys.first?.location ?? place)
        }
    }

    private mutating func setStapling(_ result: inout TLSServerSettings) throws(Diagnostic) {
        result.stapledResponse = files.bytes(settings.staplingFile, "the OCSP response")
        guard let stapling = settings.stapling, settings.staplingFile == nil else { return }
        if result.identities.contains(where: { !$0.certificate.ocspResponders.isEmpty }) {
            throw Diagnostic(
                "\"ssl_stapling on\" is not supported yet: the certificate's issuer is not asked", at: stapling.location,
                hint: "fetch the response with openssl ocsp and name it with ssl_stapling_file, or take the line away")
        }
        site.warnings.append(
            Diagnostic(
                "\"ssl_stapling\" has no effect: the certificate names no OCSP responder", at: stapling.location,
                severity: .note))
    }
}
