# frozen_string_literal: true

# Signing in and out, and what a reader may choose.
module Accounts
  USER = ENV.fetch('BLOG_USER', 'admin')
  PASSWORD = ENV.fetch('BLOG_PASSWORD', 'sesame')
  THEMES = %w[light dark].freeze
  YEAR = 365 * 24 * 60 * 60 # seconds

  def self.registered(app)
    signing(app)
    choosing(app)
  end

  def self.signing(app)
    app.get '/login' do
      @title = 'Sign in'
      erb :login
    end

    app.post '/login' do
      require_token
      unless Rack::Utils.secure_compare(params['name'].to_s, USER) &
             Rack::Utils.secure_compare(params['password'].to_s, PASSWORD)
        @title = 'Sign in'
        @refused = true
        halt 401, erb(:login)
      end
      request.session_options[:renew] = true
      session['user'] = USER
      flash "Welcome back, #{USER}."
      redirect to('/'), 303
    end

    app.post '/logout' do
      require_token
      session.delete('user')
      session.delete('token')
      flash 'You have signed out.'
      redirect to('/'), 303
    end
  end

  def self.choosing(app)
    app.helpers do
      def theme
        THEMES.include?(request.cookies['theme']) ? request.cookies['theme'] : 'light'
      end

      def keep_theme(name)
        response.set_cookie('theme', value: name, path: '/', max_age: YEAR, same_site: :lax)
      end
    end

    # Renews the choice: with the session this page has two Set-Cookie lines.
    app.get '/settings' do
      keep_theme(theme)
      @title = 'Settings'
      erb :settings
    end

    app.post '/settings' do
      require_token
      halt 422, { 'Content-Type' => 'text/plain' }, "No such theme.\n" unless THEMES.include?(params['theme'])
      keep_theme(params['theme'])
      flash "The theme is #{params['theme']} now."
      redirect to('/'), 303
    end
  end
end
