/// Certificates for the tests, made by the openssl program when the first of them asks:
///
///     ca (root) → middle → ec, rsa (example.com, *.example.org, 127.0.0.1), other (other.test), old (expired)
///     ca → client, revoked (clients)      stranger (nobody vouches for it)      ec.locked.key ("secret")
///     NAME.chain.crt: a server's certificate with its chain; NAME.pem: a client's certificate with its key
public struct TestCertificates: Sendable {
    public let sandbox: Sandbox

    /// All tests of a run share one set.
    public static func shared() throws -> TestCertificates { try made.get() }

    private static let made = Result { try TestCertificates() }

    private init() throws {
        sandbox = try Sandbox()
        try sandbox.write("make.sh", Self.script)
        let result = try run("/bin/sh", [sandbox.path("make.sh"), sandbox.path])
        guard result.status == .exited(0) else { throw HarnessError("no certificates: \(result.output)") }
    }

    /// Where one of the files lies: `ec.crt`, `ec.key`, `chain.crt`.
    public func path(_ name: String) -> String { sandbox.path(name) }

    public func bytes(_ name: String) -> [UInt8] { sandbox.bytes(name) ?? [] }

    private static let script = """
        set -e
        cd "$1"
        ec() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key" 2>/dev/null; }
        leaf() { # name subject issuer days extensions
          [ -f $1.key ] || ec $1
          openssl req -new -key $1.key -subj "$2" -out $1.csr
          printf '%s\\n' "$5" > $1.ext
          openssl x509 -req -in $1.csr -CA $3.crt -CAkey $3.key -CAcreateserial -days $4 -extfile $1.ext -out $1.crt 2>/dev/null
        }
        ec ca
        openssl req -x509 -new -key ca.key -subj "/O=Test/CN=Root" -days 3650 -addext keyUsage=critical,keyCertSign,cRLSign -out ca.crt
        leaf middle "/O=Test/CN=Middle" ca 3650 "$(printf 'basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign,cRLSign')"
        leaf ec "/CN=example.com" middle 365 "subjectAltName=DNS:example.com,DNS:*.example.org,IP:127.0.0.1,IP:::1"
        leaf other "/CN=other.test" middle 365 "subjectAltName=DNS:other.test"
        leaf old "/CN=example.com" middle -1 "subjectAltName=DNS:example.com"
        leaf client "/O=Clients/CN=alice" ca 365 "extendedKeyUsage=clientAuth"
        leaf revoked "/O=Clients/CN=mallory" ca 365 "extendedKeyUsage=clientAuth"
        openssl genrsa -out rsa.key 2048 2>/dev/null
        leaf rsa "/CN=example.com" middle 365 "subjectAltName=DNS:example.com"
        ec stranger; openssl req -x509 -new -key stranger.key -subj "/CN=stranger" -days 30 -out stranger.crt
        openssl ec -in ec.key -aes128 -passout pass:secret -out ec.locked.key 2>/dev/null
        touch index.txt
        cat > ca.conf <<C
        [ca]
        default_ca=d
        [d]
        database=index.txt
        default_md=sha256
        default_crl_days=30
        crlnumber=crlnumber
        C
        echo 01 > crlnumber
        openssl ca -config ca.conf -cert ca.crt -keyfile ca.key -revoke revoked.crt 2>/dev/null
        openssl ca -config ca.conf -cert ca.crt -keyfile ca.key -gencrl -out ca.crl 2>/dev/null
        openssl dhparam -dsaparam -out dh.pem 2048 2>/dev/null
        for name in ec rsa other old; do cat $name.crt middle.crt > $name.chain.crt; done
        cat client.crt client.key > client.pem
        cat revoked.crt revoked.key > revoked.pem
        cat stranger.crt stranger.key > stranger.pem
        leaf deep "/O=Clients/CN=deep" middle 365 "extendedKeyUsage=clientAuth"
        cat deep.crt middle.crt deep.key > deep.pem
        leaf asking "/CN=example.com" middle 365 "$(printf 'subjectAltName=DNS:example.com\\nauthorityInfoAccess=OCSP;URI:http://127.0.0.1:9/')"
        head -c 80 /dev/urandom > ticket.key; head -c 80 /dev/urandom > ticket2.key; head -c 48 /dev/urandom > short.key
        echo secret > passphrases
        """
}
