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
    /// Files that this server needs.
    private var files: Set<String> = []
    private var isFaulty = false

    init(_ settings: ServerTLS.Settings, _ server: ServerPlanBuilder) {
        self.settings = settings
        site = server.site
        names = server.names
        place = server.block.header.location
    }

    mutating func build() throws(Diagnostic) -> TLSServerContext {
        var result = TLSServerSettings()
        try setPlain(&result)
        result.identities = try identities()
        try setVerification(&result)
        try setSessions(&result)
        result.dhParameters = bytes(settings.dhParameters, "the DH parameters")
        for command in settings.commands { result.commands.append(self.command(command)) }
        try setStapling(&result)
        if isFaulty, !result.identities.isEmpty, isDemanding { result.identities = [] }
        let context = try context(result)
        if isFaulty { site.tlsNeeds.unusableFiles.append(files) }
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
                fault(error.reason, at: place)
                return context
            } catch {
                throw Diagnostic(error.reason, at: place)
            }
        }
    }

    // MARK: Certificates

    private mutating func identities() throws(Diagnostic) -> [TLSIdentity] {
        var identities: [TLSIdentity] = []
        let passphrases = passphrases()
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
        let shown = Diagnostic.quoted(shown(certificate))
        let known = "certificate of \(certificate.text) with \(key.text)"
        note(certificate)
        note(key)
        if let identity = site.shared[known] as? TLSIdentity {
            inspect([identity.certificate], identity.key, certificate, isNew: false)
            return identity
        }
        // Both are looked at, whatever is wrong with the first.
        let certificatePEM = bytes(certificate, "the certificate")
        let keyPEM = bytes(key, "the certificate key")
        guard let certificatePEM, let keyPEM else { return nil }
        let certificates: [Certificate]
        do throws(TLSError) {
            certificates = try Certificate.all(inPEM: certificatePEM)
        } catch {
            fault("cannot load certificate \(shown): \(error.reason)", at: certificate.location)
            return nil
        }
        do throws(TLSError) {
            let privateKey = try PrivateKey(pem: keyPEM, passphrases: passphrases)
            inspect(certificates, privateKey, certificate, isNew: true)
            guard let first = certificates.first, privateKey.matches(first) else {
                fault(
                    "the key \(Diagnostic.quoted(self.shown(key))) does not belong to certificate \(shown) (key values mismatch)",
                    at: key.location)
                return nil
            }
            let identity = try TLSIdentity(certificates: certificates, key: privateKey)
            site.shared[known] = identity
            return identity
        } catch {
            fault("cannot load certificate key \(Diagnostic.quoted(self.shown(key))): \(error.reason)", at: key.location)
            return nil
        }
    }

    /// What `-t` says of a certificate that can be used, and perhaps should not.
    private mutating func inspect(_ certificates: [Certificate], _ key: PrivateKey, _ argument: Argument, isNew: Bool) {
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
                Diagnostic("\(shown(argument)): \(finding)", at: argument.location, severity: severity))
        }
    }

    private mutating func passphrases() -> [[UInt8]] {
        guard let bytes = bytes(settings.passwordFile, "the pass phrases") else { return [] }
        return bytes.split(separator: UInt8(ascii: "\n")).map { line in
            line.last == UInt8(ascii: "\r") ? Array(line.dropLast()) : Array(line)
        }.filter { !$0.isEmpty }
    }

    // MARK: Clients

    private mutating func setVerification(_ result: inout TLSServerSettings) throws(Diagnostic) {
        result.verification.mode = settings.verification
        result.verification.depth = settings.depth
        result.verification.clientCAs = certificates(settings.clientCertificate)
        result.verification.trustedCAs = certificates(settings.trustedCertificate)
        result.verification.revocations = bytes(settings.revocations, "the revocation list")
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

    private mutating func certificates(_ argument: Argument?) -> [Certificate] {
        guard let argument, let pem = bytes(argument, "the certificates") else { return [] }
        do throws(TLSError) {
            return try Certificate.all(inPEM: pem)
        } catch {
            fault("cannot load \(Diagnostic.quoted(argument.text)): \(error.reason)", at: argument.location)
            return []
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
                if let key = bytes(argument, "the session ticket key") { keys.append(key) }
            }
            if !keys.isEmpty { result.ticketKeys = try TLSTicketKeys(files: keys) }
        } catch {
            fault(error.reason, at: settings.ticketKeys.first?.location ?? place)
        }
    }

    private mutating func setStapling(_ result: inout TLSServerSettings) throws(Diagnostic) {
        result.stapledResponse = bytes(settings.staplingFile, "the OCSP response")
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

    private mutating func command(_ arguments: [Argument]) -> TLSCommand {
        let (name, value) = (arguments[0].text, arguments[1])
        guard TLSCommand.namesFile(name) else { return TLSCommand(name: name, value: value.text) }
        return TLSCommand(name: name, value: value.text, content: bytes(value, "the file of \"ssl_conf_command \(name)\""))
    }

    // MARK: Files

    private static let inlineData = "data:"

    /// What an argument stands for: a file's name, or that it is written out here.
    private func shown(_ argument: Argument) -> String {
        argument.text.hasPrefix(Self.inlineData) ? "data:" : path(argument)
    }

    private func path(_ argument: Argument) -> String { site.paths.resolveInclude(argument.text) }

    private mutating func note(_ argument: Argument) {
        if !argument.text.hasPrefix(Self.inlineData) { files.insert(path(argument)) }
    }

    /// What a file holds; nil: nothing is named, or it cannot be read, which has been noted.
    private mutating func bytes(_ argument: Argument?, _ what: String) -> [UInt8]? {
        guard let argument else { return nil }
        if argument.text.hasPrefix(Self.inlineData) {
            return Array(argument.text.utf8.dropFirst(Self.inlineData.utf8.count))
        }
        let path = path(argument)
        files.insert(path)
        do throws(SourceFailure) {
            return try site.files.text(of: path)
        } catch {
            fault("cannot load \(what) \(Diagnostic.quoted(path)) (\(error.reason))", at: argument.location)
            return nil
        }
    }

    private mutating func fault(_ message: String, at location: SourceLocation) {
        isFaulty = true
        let fault = Diagnostic(message, at: location, severity: .fault)
        // Servers that inherit the same line say it once.
        let known = "fault \(fault.description)"
        if site.shared[known] != nil { return }
        site.shared[known] = true
        site.warnings.append(fault)
    }
}
