# frozen_string_literal: true

# Addresses for programs, tests foremost: they tell what arrived here.
module API
  LONGEST_STREAM = 1000 # events

  def self.registered(app)
    echoes(app)
    events(app)
    failing(app)
  end

  def self.echoes(app)
    echo = proc do
      body = raw_body
      fields = env.select { |name, _| name.start_with?('HTTP_') }
                  .to_h { |name, value| [name.delete_prefix('HTTP_').downcase.tr('_', '-'), value] }
      json('method' => request.request_method, 'path' => request.path_info, 'query' => request.query_string,
           'url' => request.url, 'client' => request.ip, 'content_type' => request.content_type,
           'body_bytes' => body.bytesize, 'body_sha256' => Digest::SHA256.hexdigest(body), 'fields' => fields)
    end
    %i[get post put patch delete options].each { |method| app.send(method, %r{/api/echo(?:/.*)?}, &echo) }

    app.get '/api/cookies' do
      json('cookie' => request.get_header('HTTP_COOKIE'), 'cookies' => request.cookies)
    end

    app.get '/api/comments' do
      json(store.comments(params['post']&.to_i).map(&:to_h))
    end
  end

  def self.events(app)
    app.get '/events' do
      count = (params['count'] || 5).to_i.clamp(1, LONGEST_STREAM)
      interval = (params['interval_ms'] || 200).to_i.clamp(0, 60_000) / 1000.0
      content_type 'text/event-stream'
      headers 'Cache-Control' => 'no-cache'
      body EventStream.new(count, interval)
    end
  end

  def self.failing(app)
    app.put '/api/failing' do
      settings.failing = raw_body == 'on'
      json('failing' => settings.failing)
    end

    app.get %r{/api/status/([2-5][0-9][0-9])} do |code|
      status code.to_i
      content_type :text
      "#{code} as you asked\n"
    end
  end
end
