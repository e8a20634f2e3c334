import Foundation
import TestSupport
import Testing

/// Who the client is behind proxies: whom to believe, and for what the address that was found counts.
@Suite struct RealIPTests {
    private static let facts = "$remote_addr|$remote_port|$realip_remote_addr|$proxy_add_x_forwarded_for"

    /// A server that says what it knows of the client.
    private func server(_ scene: Scene, _ name: String, _ settings: String) -> String {
        """
        server {
            listen \(scene.socket);
            server_name \(name);
            \(settings)
            return 200 "\(Self.facts)";
        }

        """
    }

    @Test(.proves("set_real_ip_from", "real_ip_header", "real_ip_recursive"), arguments: Front.allAvailable)
    func whoIsBelieved(_ front: Front) throws {
        try Scene.play(front) { scene in
            let trusted = "set_real_ip_from 127.0.0.1; set_real_ip_from 192.0.2.0/24;"
            let servers =
                server(scene, "plain", trusted) + server(scene, "nobody", "real_ip_header X-Forwarded-For;")
                + server(scene, "stranger", "set_real_ip_from 10.0.0.0/8; real_ip_header X-Forwarded-For;")
                + server(scene, "last", trusted + "real_ip_header X-Forwarded-For;")
                + server(scene, "chain", trusted + "real_ip_header X-Forwarded-For; real_ip_recursive on;")
                + server(scene, "own", trusted + "real_ip_header X-Client_Of-Mine;")
                + server(scene, "named", "set_real_ip_from localhost; real_ip_header X-Client;")
            try scene.serve("server_name other; \(trusted) return 200 x;", http: "underscores_in_headers on;\n" + servers)
            let asks: [(String, FieldList, String)] = [
                // X-Real-IP, with a port and without; what is no address is not believed.
                ("plain", ["X-Real-IP": "192.0.2.7"], "192.0.2.7||127.0.0.1|192.0.2.7"),
                ("plain", ["X-Real-IP": "198.51.100.7:81"], "198.51.100.7|81|127.0.0.1|198.51.100.7"),
                ("plain", ["X-Real-IP": "2001:DB8::7"], "2001:db8::7||127.0.0.1|2001:db8::7"),
                ("plain", ["X-Real-IP": "[2001:db8::7]:82"], "2001:db8::7|82|127.0.0.1|2001:db8::7"),
                ("plain", ["X-Real-IP": "unix:"], "127.0.0.1|*|127.0.0.1|127.0.0.1"),
                ("plain", ["X-Forwarded-For": "192.0.2.7"], "127.0.0.1|*|127.0.0.1|192.0.2.7, 127.0.0.1"),
                // Nobody is believed whom the configuration does not name.
                ("nobody", ["X-Forwarded-For": "192.0.2.7"], "127.0.0.1|*|127.0.0.1|192.0.2.7, 127.0.0.1"),
                ("stranger", ["X-Forwarded-For": "192.0.2.7"], "127.0.0.1|*|127.0.0.1|192.0.2.7, 127.0.0.1"),
                // The last address, or the last one that is not trusted.
                (
                    "last", ["X-Forwarded-For": "198.51.100.1, 192.0.2.2"],
                    "192.0.2.2||127.0.0.1|198.51.100.1, 192.0.2.2, 192.0.2.2"
                ),
                (
                    "chain", ["X-Forwarded-For": "203.0.113.1, 198.51.100.1,192.0.2.2 , 192.0.2.3"],
                    "198.51.100.1||127.0.0.1|203.0.113.1, 198.51.100.1,192.0.2.2 , 192.0.2.3, 198.51.100.1"
                ),
                ("chain", ["X-Forwarded-For": "192.0.2.4, 192.0.2.3"], "192.0.2.4||127.0.0.1|192.0.2.4, 192.0.2.3, 192.0.2.4"),
                ("chain", ["X-Forwarded-For": "junk, 192.0.2.3"], "192.0.2.3||127.0.0.1|junk, 192.0.2.3, 192.0.2.3"),
                ("chain", ["X-Forwarded-For": "192.0.2.3, junk"], "127.0.0.1|*|127.0.0.1|192.0.2.3, junk, 127.0.0.1"),
                ("own", ["x-client_of-mine": "203.0.113.9"], "203.0.113.9||127.0.0.1|203.0.113.9"),
                ("named", ["X-Client": "203.0.113.9"], "203.0.113.9||127.0.0.1|203.0.113.9"),
            ]
            for (host, fields, answer) in asks {
                var fields = fields
                fields.append("Host", host)
                let text = try scene.get("/", fields).text
                let parts = text.split(separator: "|", omittingEmptySubsequences: false)
                // The port of the connection is any number.
                let shown = answer.contains("|*|") && parts.count == 4 && UInt16(parts[1]) != nil
                let expected = shown ? answer.replacingOccurrences(of: "|*|", with: "|\(parts[1])|") : answer
                #expect(text == expected, "\(host) \(fields.lines)")
            }
            // Several lines are read from the last one, each from its end.
            let client = try scene.client()
            try client.send(
                "GET / HTTP/1.1\r\nHost: chain\r\nX-Forwarded-For: 203.0.113.1, 203.0.113.2\r\nX-Forwarded-For: 192.0.2.2\r\n\r\n"
            )
            #expect(try client.receiveResponse().text.hasPrefix("203.0.113.2||127.0.0.1|"))
            // The next request of the connection begins with its peer again.
            #expect(try client.get("/", ["Host": "chain"]).text.hasPrefix("127.0.0.1|"))
            client.close()
        }
    }

    @Test(.proves("set_real_ip_from"), arguments: Front.allAvailable)
    func whatFollowsGoesByTheClient(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { request, reply in
                try reply.respond(200, [:], "\(request["X-Client"] ?? "-") \(request["X-Forwarded-For"] ?? "-")")
            }
            let local = try scene.anotherSocket(unix: "front.socket")
            let pass = "proxy_pass http://\(origin.address); proxy_set_header X-Client $remote_addr;"
            let server = try scene.serve(
                """
                listen \(local);
                set_real_ip_from 127.0.0.1;
                set_real_ip_from unix:;
                location / {
                    deny 203.0.113.0/24;
                    allow all;
                    \(pass)
                    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                }
                location /by-field { real_ip_header X-Forwarded-For; \(pass) }
                location /nobody { set_real_ip_from 10.0.0.1; \(pass) }
                """,
                http: "log_format who '$remote_addr $realip_remote_addr'; access_log who.log who;".replacingOccurrences(
                    of: "who.log", with: scene.sandbox.path("who.log")))
            #expect(try scene.get("/", ["X-Real-IP": "192.0.2.7"]).text == "192.0.2.7 192.0.2.7")
            #expect(try scene.get("/", ["X-Real-IP": "203.0.113.7"]).status == 403)
            #expect(eventually { server.errorLog.contains("access forbidden by rule, client: 203.0.113.7") })
            #expect(try local.endpoint.get("/", ["X-Real-IP": "192.0.2.8"]).text == "192.0.2.8 192.0.2.8")
            let lines = try Set(server.lines(3, of: "who.log"))
            #expect(lines == ["192.0.2.7 127.0.0.1", "203.0.113.7 127.0.0.1", "192.0.2.8 unix:"])
            // A location with settings of its own asks where the server has believed nobody.
            #expect(try scene.get("/by-field", ["X-Forwarded-For": "192.0.2.9"]).text == "192.0.2.9 192.0.2.9")
            let both: FieldList = ["X-Forwarded-For": "192.0.2.9", "X-Real-IP": "192.0.2.8"]
            #expect(try scene.get("/by-field", both).text.hasPrefix("192.0.2.8 "))
            #expect(try scene.get("/nobody", ["X-Real-IP": "192.0.2.8"]).text.hasPrefix("192.0.2.8 "))
        }
    }
}
